"""Notify's own section of the settings file: `[own]`, checked whole.

    [own]
    link = "https://desk.example.org"     # only if a template uses {link}
    [own.smtp]
    host = "127.0.0.1"
    port = 2525
    from = "desk@example.org"             # neutral: the reader's screen shows it
    tls = "none"                          # none, starttls (the default) or tls
    username = "desk"                     # optional, with password_file (an absolute path)
    [own.gate]                            # only where a gate is the one way to the mail server
    host = "mail-gate"
    port = 2525

The mail server's name and the sender's are seen by whoever holds the phone; neither should say who we are.

The gate passes bytes to the address in NGAO_MAIL_SERVER. Notify reads that variable, too, and does not start when it names
another server than `own.smtp`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.settings import read_secret
from ngao.contracts import field_errors
from ngao.contracts.classes import Strict
from services.notify.channels.email import TLS_MODES, SmtpSettings


@dataclass(frozen=True)
class OwnSettings:
    """What notify needs beside the chassis' settings. `link` is where readers sign in, empty if templates name none."""

    smtp: SmtpSettings
    link: str


class _Smtp(Strict):
    host = fields.String(required=True)
    port = fields.Integer(required=True, validate=validate.Range(1, 65535))
    sender = fields.Email(required=True, data_key="from")
    tls = fields.String(load_default="starttls", validate=validate.OneOf(TLS_MODES))
    username = fields.String(load_default=None)
    password_file = fields.String(load_default=None)


class _Gate(Strict):
    host = fields.String(required=True)
    port = fields.Integer(required=True, validate=validate.Range(1, 65535))


class _Own(Strict):
    smtp = fields.Nested(_Smtp, required=True)
    gate = fields.Nested(_Gate, load_default=None)
    link = fields.Url(load_default="", schemes={"https", "http"}, require_tld=False)


def read_own(own: Mapping[str, Any]) -> OwnSettings:
    """Check the section and read the password; raises Misconfigured naming every broken key."""
    try:
        loaded = _Own().load(own)
    except ValidationError as error:
        broken = "; ".join(f"own{each.pointer.replace('/', '.')}: {each.code}" for each in field_errors(error.messages))
        raise Misconfigured(f"The settings have errors: {broken}.") from None
    smtp = dict(loaded["smtp"])
    password_file = smtp.pop("password_file")
    if (smtp["username"] is None) != (password_file is None):
        raise Misconfigured("own.smtp must have both username and password_file, or neither.")
    password = read_secret(Path(password_file)) if password_file else None
    return OwnSettings(SmtpSettings(**smtp, password=password, via=_way(smtp, loaded["gate"])), loaded["link"])


def _way(smtp: Mapping[str, Any], gate: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """The gate's address, when there is one and it leads to the mail server."""
    if gate is None:
        return None
    server, leads_to = f"{smtp['host']}:{smtp['port']}", os.environ.get("NGAO_MAIL_SERVER")
    if leads_to != server:
        says = f"The mail gate leads to {leads_to or 'no server'}, and own.smtp names {server}"
        raise Misconfigured(f"{says}: set NGAO_MAIL_SERVER={server} in .env, and start the gate and notify again.")
    return gate["host"], gate["port"]
