"""Notify's own section of the settings file: `[own]`, checked whole.

    [own]
    link = "https://desk.example.org/m/{reference}"  # only if a template uses {link}; the console leads from there to the case
    longest_pause_s = 30                  # between tries while the mail server refuses the whole account
    [own.smtp]
    host = "127.0.0.1"
    port = 2525
    from = "desk@example.org"             # neutral: the recipient's screen shows it
    tls = "none"                          # none, starttls (the default) or tls
    username = "desk"                     # optional, with password_file (an absolute path)
    [own.gate]                            # only where a gate is the one way to the mail server
    host = "mail-gate"
    port = 2525

Anyone who holds the phone sees the mail server's name and the sender's; neither should say who we are.

The gate passes bytes to the address in NGAO_MAIL_SERVER. Notify reads that variable, too, and does not start when it names
another server than `own.smtp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Range

from ngao.chassis.errors import Misconfigured
from ngao.contracts import field_errors
from ngao.contracts.classes import Strict
from services.notify.channels.account import LONGEST_PAUSE
from services.notify.channels.kinds import CHANNELS


@dataclass(frozen=True)
class OwnSettings:
    """Notify's own settings: each channel's own, by its kind; where readers sign in, or nothing.

    `longest_pause` is the longest between two tries while the mail server refuses the whole account.
    """

    channels: Mapping[str, Any]
    link: str
    longest_pause: timedelta


_SECTIONS = {name: section for channel in CHANNELS.values() for name, section in channel.sections.items()}
_Own = Strict.from_dict(
    {
        "link": fields.Url(load_default="", schemes={"https", "http"}, require_tld=False),
        "longest_pause_s": fields.Float(load_default=LONGEST_PAUSE.total_seconds(), validate=Range(1, 300)),
        **_SECTIONS,
    },
    name="Own",
)


def read_own(own: Mapping[str, Any]) -> OwnSettings:
    """Check the section and read the passwords. Raises Misconfigured naming every invalid key."""
    try:
        loaded = _Own().load(own)
    except ValidationError as error:
        broken = "; ".join(f"own{field.pointer.replace('/', '.')}: {field.code}" for field in field_errors(error.messages))
        raise Misconfigured(f"The settings have errors: {broken}.") from None
    found = {channel.kind: channel.settings(loaded) for channel in CHANNELS.values()}
    channels = {kind: given for kind, given in found.items() if given is not None}
    return OwnSettings(channels, loaded["link"], timedelta(seconds=loaded["longest_pause_s"]))
