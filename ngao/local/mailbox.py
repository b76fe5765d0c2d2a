"""A mail server for trying things out: aiosmtpd's own, which takes every message into a Maildir instead of delivering it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

_FOLDERS = ("tmp", "new", "cur")
_FROM, _TO = "X-MailFrom", "X-RcptTo"
_ADDED = {"X-Peer", _FROM, _TO}


@dataclass(frozen=True)
class Mail:
    """One message as it was taken. `sender` and `recipients` are those of the envelope."""

    path: Path
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    headers: Mapping[str, str]


def command(directory: Path, host: str, port: int) -> list[str]:
    """Give the command that runs the server, and make its Maildir where it is missing."""
    make(directory)
    return [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"{host}:{port}", "-c", "aiosmtpd.handlers.Mailbox", str(directory)]


def make(directory: Path) -> None:
    """Make the folders of a Maildir; Python's own makes them only together with the directory."""
    for name in _FOLDERS:
        (directory / name).mkdir(parents=True, exist_ok=True)


def messages(directory: Path) -> list[Mail]:
    """Give the messages in a mailbox, oldest first."""
    return [_read(path) for path in sorted((directory / "new").glob("*"), key=lambda path: path.stat().st_mtime_ns)]


def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    return Mail(
        path=path,
        sender=str(message[_FROM]),
        recipients=tuple(str(message[_TO]).split(", ")),
        subject=str(message["Subject"]),
        text=body.get_content() if body else "",
        headers={name: str(value) for name, value in message.items() if name not in _ADDED},
    )
