"""A mail server for trying things out: takes every message and writes it into a directory instead of delivering it.

`python -m ngao.local.mailbox --port 2525 --directory mail`

No login, no TLS, loopback only: it is for one machine. A file `control.json` in the directory makes it misbehave:
`{"refuse": "451 Try later", "at": "rcpt", "delay_s": 1.5, "only_to": "a@example.org"}`. `at` is `connect` (instead of the
greeting), `mail`, `rcpt` or `data`; without `only_to` it is meant for everybody, without the file it takes everything.
"""

# ruff: noqa: ARG002, N802 - aiosmtpd fixes the names and arguments of what it calls

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

CONTROL = "control.json"
_TO, _FROM = "X-Mailbox-To", "X-Mailbox-From"
_OK = "250 OK"


@dataclass(frozen=True)
class Mail:
    """One message as it was taken. `sender` and `recipients` are those of the envelope."""

    path: Path
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    headers: Mapping[str, str]


def messages(directory: Path) -> list[Mail]:
    """The messages in a mailbox directory, oldest first."""
    return [_read(path) for path in sorted(directory.glob("*.eml"))]


def misbehave(
    directory: Path, *, refuse: str | None = None, at: str = "rcpt", delay_s: float = 0.0, only_to: str | None = None
) -> None:
    """Tell the mailbox on this directory to refuse with a reply line, or to take its time."""
    control = {"refuse": refuse, "at": at, "delay_s": delay_s, "only_to": only_to}
    _write(directory / CONTROL, json.dumps(control).encode())


def behave(directory: Path) -> None:
    """Tell it to take everything again."""
    (directory / CONTROL).unlink(missing_ok=True)


class Mailbox:
    """The server, in a thread of its own; `port` 0 asks for a free one."""

    def __init__(self, directory: Path, *, port: int = 0, host: str = "127.0.0.1") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._controller = _Anywhere(_Keeper(directory), host, port)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._controller.port

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class _Anywhere(Controller):
    """aiosmtpd's controller on a socket of ours, because with port 0 its own would look for itself at port 0."""

    def __init__(self, handler: _Keeper, host: str, port: int) -> None:
        self._bound = socket.create_server((host, port))
        self._keeper = handler
        super().__init__(handler, hostname=host, port=self._bound.getsockname()[1], ready_timeout=10)

    def factory(self) -> asyncio.BaseProtocol:
        """Who answers a new connection."""
        refusal = self._keeper.refusal_of_all()
        return _TurnedAway(refusal) if refusal else super().factory()

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._bound)


class _TurnedAway(asyncio.Protocol):
    """Answers a connection with one line in place of the greeting, and ends it."""

    def __init__(self, line: str) -> None:
        self._line = line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The whole conversation."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(f"{self._line}\r\n".encode())
        transport.close()


class _Keeper:
    """What aiosmtpd calls at each step of a conversation."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def refusal_of_all(self) -> str | None:
        """What everybody is answered in place of the greeting, if they are."""
        control = self._control()
        return control.get("refuse") if control.get("at") == "connect" else None

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A conversation about one message begins."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer("mail", [])

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whom it is for."""
        answer = await self._answer("rcpt", [address])
        if answer == _OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The message itself."""
        answer = await self._answer("data", envelope.rcpt_tos)
        if answer == _OK:
            self._keep(envelope)
        return answer

    async def _answer(self, step: str, recipients: list[str]) -> str:
        control = self._control()
        meant = not control.get("only_to") or control["only_to"] in recipients
        if control.get("at", "rcpt") != step or not meant:
            return _OK
        await asyncio.sleep(float(control.get("delay_s") or 0))
        return control.get("refuse") or _OK

    def _control(self) -> dict[str, Any]:
        try:
            control: dict[str, Any] = json.loads((self._directory / CONTROL).read_bytes())
        except FileNotFoundError:
            return {}
        return control

    def _keep(self, envelope: Envelope) -> None:
        lines = f"{_FROM}: {envelope.mail_from}\r\n{_TO}: {', '.join(envelope.rcpt_tos)}\r\n"
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        _write(self._directory / f"{time.time_ns():020d}-{uuid4().hex[:8]}.eml", lines.encode() + content)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: readers look while we write."""
    unfinished = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    return Mail(
        path=path,
        sender=str(message[_FROM]),
        recipients=tuple(str(message[_TO]).split(", ")),
        subject=str(message["Subject"]),
        text=body.get_content() if body else "",
        headers={name: str(value) for name, value in message.items() if name not in {_FROM, _TO}},
    )


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m ngao.local.mailbox", description="Takes mail and keeps it in a directory.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--directory", type=Path, required=True)
    arguments = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with Mailbox(arguments.directory, port=arguments.port, host=arguments.host):
        stopped.wait()


if __name__ == "__main__":
    main()
