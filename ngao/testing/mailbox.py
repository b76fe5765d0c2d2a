"""The demo's mail server in a thread of the test, made to misbehave by a file in its directory."""

# ruff: noqa: ARG002, N802 - aiosmtpd fixes the names and arguments of what it calls

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox as Maildir
from aiosmtpd.smtp import SMTP, Envelope, Session

from ngao.local.mailbox import make

CONTROL = "control.json"
_OK = "250 OK"


def misbehave(
    directory: Path, *, refuse: str | None = None, at: str = "rcpt", delay_s: float = 0.0, only_to: str | None = None
) -> None:
    """Make the mailbox on this directory refuse with a reply line, or wait before it answers.

    `at` is `connect` (instead of the greeting), `mail`, `rcpt` or `data`; without `only_to` it applies to every recipient.
    """
    control = {"refuse": refuse, "at": at, "delay_s": delay_s, "only_to": only_to}
    unfinished = directory / f".{CONTROL}"
    unfinished.write_text(json.dumps(control))
    unfinished.replace(directory / CONTROL)


def behave(directory: Path) -> None:
    """Make it accept everything again."""
    (directory / CONTROL).unlink(missing_ok=True)


class Mailbox:
    """The server; `port` 0 asks for a free one."""

    def __init__(self, directory: Path, *, port: int = 0, host: str = "127.0.0.1") -> None:
        make(directory)
        self._controller = _Anywhere(_Keeper(directory), host, port)

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
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
        """Return the protocol that answers a new connection."""
        refusal = self._keeper.refusal_of_all()
        return _TurnedAway(refusal) if refusal else super().factory()

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._bound)


class _TurnedAway(asyncio.Protocol):
    """Answers a connection with one line in place of the greeting, and ends it."""

    def __init__(self, line: str) -> None:
        self._line = line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer, then close."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(f"{self._line}\r\n".encode())
        transport.close()


class _Keeper(Maildir):
    """aiosmtpd's Maildir, asked at each step of a conversation whether it misbehaves."""

    def refusal_of_all(self) -> str | None:
        """Return the line that replaces the greeting, if there is one."""
        control = self._control()
        return control.get("refuse") if control.get("at") == "connect" else None

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer("mail", [])

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = await self._answer("rcpt", [address])
        if answer == _OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await self._answer("data", envelope.rcpt_tos)
        return await super().handle_DATA(server, session, envelope) if answer == _OK else answer

    async def _answer(self, step: str, recipients: list[str]) -> str:
        control = self._control()
        meant = not control.get("only_to") or control["only_to"] in recipients
        if control.get("at", "rcpt") != step or not meant:
            return _OK
        await asyncio.sleep(float(control.get("delay_s") or 0))
        return control.get("refuse") or _OK

    def _control(self) -> dict[str, Any]:
        try:
            control: dict[str, Any] = json.loads((Path(self.mail_dir) / CONTROL).read_bytes())
        except FileNotFoundError:
            return {}
        return control
