"""A mail server for tests and demos: it accepts every message and writes it into a directory instead of delivering it.

`python -m ngao.local.mailbox --port 2525 --directory mail`

No login, no TLS, loopback only: it is for one machine. A file `control.json` in the directory makes it misbehave:
`{"refuse": "451 Try later", "at": "rcpt", "delay_s": 1.5, "only_to": "a@example.org"}`. `at` is `connect` (instead of the
greeting), `mail`, `rcpt` or `data`. Without `only_to` it applies to every recipient. Without the file every message is accepted.
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
    """One accepted message. `sender` and `recipients` are those of the envelope."""

    path: Path
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    headers: Mapping[str, str]


def messages(directory: Path) -> list[Mail]:
    """Return the messages in a mailbox directory, oldest first."""
    return [_read(path) for path in sorted(directory.glob("*.eml"))]


def misbehave(
    directory: Path, *, refuse: str | None = None, at: str = "rcpt", delay_s: float = 0.0, only_to: str | None = None
) -> None:
    """Make the mailbox on this directory refuse with a reply line, or delay its answers."""
    control = {"refuse": refuse, "at": at, "delay_s": delay_s, "only_to": only_to}
    _write(directory / CONTROL, json.dumps(control).encode())


def behave(directory: Path) -> None:
    """Make it accept every message again."""
    (directory / CONTROL).unlink(missing_ok=True)


class Mailbox:
    """The server, in a thread of its own. `port` 0 chooses a free one."""

    def __init__(self, directory: Path, *, port: int = 0, host: str = "127.0.0.1") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._controller = _Anywhere(_Keeper(directory), host, port)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._controller.port

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class _Anywhere(Controller):
    """aiosmtpd's controller on our own socket: with port 0, its own would look for itself at port 0."""

    def __init__(self, handler: _Keeper, host: str, port: int) -> None:
        self._bound = socket.create_server((host, port))
        self._keeper = handler
        super().__init__(handler, hostname=host, port=self._bound.getsockname()[1], ready_timeout=10)

    def factory(self) -> asyncio.BaseProtocol:
        """Return the protocol for a new connection."""
        refusal = self._keeper.refusal_of_all()
        return _TurnedAway(refusal) if refusal else super().factory()

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._bound)


class _TurnedAway(asyncio.Protocol):
    """Answers a connection with one line instead of the greeting, and closes it."""

    def __init__(self, line: str) -> None:
        self._line = line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse and close the connection."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(f"{self._line}\r\n".encode())
        transport.close()


class _Keeper:
    """The handler that aiosmtpd calls at each step of an SMTP session."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def refusal_of_all(self) -> str | None:
        """Return the reply that replaces the greeting for every client, or None."""
        control = self._control()
        return control.get("refuse") if control.get("at") == "connect" else None

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Handle the MAIL command."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer("mail", [])

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Handle the RCPT command."""
        answer = await self._answer("rcpt", [address])
        if answer == _OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Handle the message."""
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
    """Write the whole file or nothing: readers look while we write."""
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
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m ngao.local.mailbox", description="Writes received mail to a directory.")
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
