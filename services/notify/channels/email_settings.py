"""The mail server's section of notify's settings, `[own.smtp]`, and the gate on the way to it, `[own.gate]`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.settings import read_secret
from ngao.contracts.classes import Strict

TLS_MODES = ("none", "starttls", "tls")


@dataclass(frozen=True)
class SmtpSettings:
    """The server that sends our mail. `tls` is none, starttls or tls; without a username there is no login.

    `via` is a gate that passes every connection on to the server; the certificate must be the server's all the same.
    """

    host: str
    port: int
    sender: str
    tls: str = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    via: tuple[str, int] | None = None


class SmtpSection(Strict):
    """`[own.smtp]`."""

    host = fields.String(required=True)
    port = fields.Integer(required=True, validate=validate.Range(1, 65535))
    sender = fields.Email(required=True, data_key="from")
    tls = fields.String(load_default="starttls", validate=validate.OneOf(TLS_MODES))
    username = fields.String(load_default=None)
    password_file = fields.String(load_default=None)


class GateSection(Strict):
    """`[own.gate]`."""

    host = fields.String(required=True)
    port = fields.Integer(required=True, validate=validate.Range(1, 65535))


def read_smtp(section: Mapping[str, Any], gate: Mapping[str, Any] | None) -> SmtpSettings:
    """Read the password and choose the route to the server. Raises Misconfigured."""
    smtp = dict(section)
    password_file = smtp.pop("password_file")
    if (smtp["username"] is None) != (password_file is None):
        raise Misconfigured("own.smtp must have both username and password_file, or neither.")
    password = read_secret(Path(password_file)) if password_file else None
    return SmtpSettings(**smtp, password=password, via=_way(smtp, gate))


def _way(smtp: Mapping[str, Any], gate: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """Return the gate's address if there is a gate and it leads to the mail server. Raises Misconfigured."""
    if gate is None:
        return None
    server, leads_to = f"{smtp['host']}:{smtp['port']}", os.environ.get("NGAO_MAIL_SERVER")
    if leads_to != server:
        says = f"The mail gate leads to {leads_to or 'no server'}, and own.smtp names {server}"
        raise Misconfigured(f"{says}. Set NGAO_MAIL_SERVER={server} in .env, then restart the gate and notify.")
    return gate["host"], gate["port"]
