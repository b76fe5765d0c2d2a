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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields

from ngao.chassis.errors import Misconfigured
from ngao.contracts import field_errors
from ngao.contracts.classes import Strict
from services.notify.channels.email import EmailChannel
from services.notify.channels.email_settings import GateSection, SmtpSection, read_smtp


@dataclass(frozen=True)
class OwnSettings:
    """What notify needs beside the chassis' settings: each channel's own, by its kind; where readers sign in, or nothing."""

    channels: Mapping[str, Any]
    link: str


class _Own(Strict):
    smtp = fields.Nested(SmtpSection, required=True)
    gate = fields.Nested(GateSection, load_default=None)
    link = fields.Url(load_default="", schemes={"https", "http"}, require_tld=False)


def read_own(own: Mapping[str, Any]) -> OwnSettings:
    """Check the section and read the passwords; raises Misconfigured naming every broken key."""
    try:
        loaded = _Own().load(own)
    except ValidationError as error:
        broken = "; ".join(f"own{each.pointer.replace('/', '.')}: {each.code}" for each in field_errors(error.messages))
        raise Misconfigured(f"The settings have errors: {broken}.") from None
    return OwnSettings({EmailChannel.kind: read_smtp(loaded["smtp"], loaded["gate"])}, loaded["link"])
