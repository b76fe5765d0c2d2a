"""Connections to the broker: one place that knows the address, the account, the time limits and TLS."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Any

import eventlet.patcher
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError

from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.wire import frame_handler
from ngao.chassis.security.tls import client_options, demand_client, shown_until
from ngao.chassis.settings import BrokerSettings

CONNECTION_ERRORS: tuple[type[Exception], ...] = (OSError, AMQPError, KombuError)
"""All that can go wrong with a connection; socket errors and time-outs are OSErrors."""

NOW_S = 0.001
"""Not zero: without a time limit py-amqp turns around without a pause for the rest of a frame, and nothing else runs."""

_IO_TIMEOUT = 10
_MOST_READ = 65_536
select = eventlet.patcher.original("select")
"""It is asked only what is there now: the green one has no poll, and does not need to be waited for."""


class ReadAhead:
    """Reads all that there is: py-amqp asks for seven bytes, a payload and one byte more, a system call for each."""

    def __init__(self, transport: Any) -> None:
        self._sock, self._read, self._held = transport.sock, transport._quick_recv, memoryview(b"")  # noqa: SLF001  # no other way in
        transport._quick_recv = self.read  # noqa: SLF001

    def read(self, most: int) -> bytes:
        """Return up to so many bytes; waits for the broker only when nothing is held."""
        if not self._held:
            self._held = memoryview(self._read(_MOST_READ))
        found, self._held = self._held[:most], self._held[most:]
        return bytes(found)

    def has_more(self) -> bool:
        """Return True if something has come that is not read yet."""
        if self._held or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            return True
        poll = select.poll()
        poll.register(self._sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))


class Broker(Connection):
    """A connection that knows whether more has come, and what the broker has shown."""

    ahead: ReadAhead

    def take_in(self, most: int, wait: float) -> None:
        """Hand up to so many messages to their consumers; wait so many seconds for the first. Raises one of CONNECTION_ERRORS."""
        try:
            for _ in range(most):
                self.drain_events(timeout=wait)
                if not self.ahead.has_more():
                    return
                wait = NOW_S
        except CONNECTION_ERRORS as error:
            if not is_idle(error):
                raise

    @property
    def certificate_until(self) -> float | None:
        """The moment at which the certificate of the broker expires, in seconds since 1970; None without TLS."""
        shown = self.connection.transport.sock
        return shown_until(shown) if isinstance(shown, ssl.SSLSocket) else None


def connect(settings: BrokerSettings, *, edge: bool, name: str) -> Broker:
    """Open a connection to one of the two virtual hosts; raises one of CONNECTION_ERRORS.

    Password, certificate and authorities are read from their files each time, so that a changed one needs no restart.
    Writes are bounded (a broker with a memory or disk alarm stops reading), reads are bounded by the callers.
    """
    connection = Broker(
        hostname=settings.host,
        port=settings.port,
        userid=settings.username,
        password=_password(settings),
        virtual_host=settings.edge_vhost if edge else settings.vhost,
        heartbeat=settings.heartbeat,
        connect_timeout=5,
        transport="pyamqp",
        ssl=client_options(settings.host, settings.ca_file, settings.cert_file, settings.key_file) if settings.ca_file else False,
        transport_options={
            "write_timeout": _IO_TIMEOUT,
            "read_timeout": _IO_TIMEOUT,
            "client_properties": {"connection_name": name},
            "frame_handler": frame_handler,
        },
    )
    connection.connect()
    connection.ahead = ReadAhead(connection.connection.transport)
    return connection


def demand_usable(settings: BrokerSettings) -> None:
    """Raise Misconfigured when TLS is wanted and its files do not serve."""
    if settings.ca_file:
        demand_client(settings.ca_file, settings.cert_file, settings.key_file)


def _password(settings: BrokerSettings) -> str:
    try:
        return settings.current_password()
    except Misconfigured as error:  # at the start it was there: someone is at it, and the next try may find it again
        raise ConnectionError(str(error)) from None


def demand_answer(channel: Any) -> None:
    """Make the broker answer, because a dead connection may not have been noticed; what comes before the answer is received.

    An active channel stays active (AMQP 0-9-1, channel.flow). Raises one of CONNECTION_ERRORS, at the latest after ten seconds.
    """
    channel.flow(active=True)


def close_quietly(connection: Connection | None) -> None:
    """Close a connection that may be broken already: its own complaint is of no use to anyone."""
    if connection is None:
        return
    with suppress(*CONNECTION_ERRORS, ValueError):  # the last is what ssl says of a socket that the other side has closed
        connection.close()


def is_idle(error: Exception) -> bool:
    """Return True for the time-out that only means that nothing came."""
    return isinstance(error, TimeoutError | socket.timeout)
