"""One connection to the broker with one channel, opened on demand and reopened when it is lost."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pika
from pika.exceptions import (
    AMQPError,
    ChannelClosedByBroker,
    NackError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
    UnroutableError,
)

from ngao.client.errors import Refused, Unreachable

_FIRST_S, _LONGEST_S = 0.2, 30.0
_NO_RIGHT = 403


class Link:
    """A connection and its channel. Not for use by two threads at the same time."""

    def __init__(self, parameters: pika.ConnectionParameters, *, confirms: bool = False) -> None:
        self._parameters = parameters
        self._confirms = confirms
        self._connection: Any = None
        self._channel: Any = None

    def channel(self) -> Any:
        """Return the open channel, and connect first if there is none. Raises Unreachable, Refused."""
        if self._channel is None or self._channel.is_closed:
            self.close()
            with translated():
                self._connection = pika.BlockingConnection(self._parameters)
                self._channel = self._connection.channel()
                if self._confirms:
                    self._channel.confirm_delivery()
        return self._channel

    def pump(self, seconds: float = 0.0) -> None:
        """Process heartbeats and deliveries for at most this long. Without a connection, do nothing."""
        if self._connection is not None:
            with translated():
                self._connection.process_data_events(time_limit=seconds)

    def close(self) -> None:
        """Close the connection. Unacknowledged messages are delivered again."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            with suppress(AMQPError, OSError):
                connection.close()


@contextmanager
def translated(*refusals: int) -> Iterator[None]:
    """Translate errors of pika and the socket into ours. `refusals` are channel codes that a retry cannot fix."""
    try:
        yield
    except (ProbableAuthenticationError, ProbableAccessDeniedError) as error:
        raise _login_error(error) from None
    except ChannelClosedByBroker as error:
        if error.reply_code in (_NO_RIGHT, *refusals):
            raise Refused(f"The broker refuses this account ({error.reply_code}).", status=error.reply_code) from None
        raise Unreachable(f"The broker closed the channel ({error.reply_code}).") from None
    except (UnroutableError, NackError):
        raise Unreachable("The broker has no queue for this, or the queue is full.") from None
    except (AMQPError, OSError) as error:
        raise Unreachable(f"The broker does not answer ({type(error).__name__}).") from None


def _login_error(error: AMQPError) -> Refused | Unreachable:
    """Return the error of a failed login. Only a refusal with the broker's code is one: pika also reports a shutdown so."""
    for code in (403, 530):
        if f"({code})" in str(error):
            return Refused("The broker refuses this account: name, password or virtual host.", status=code)
    return Unreachable("The broker closed the connection during login.")


def pauses() -> Iterator[float]:
    """Yield the seconds before each retry: doubling, bounded, and spread so that clients do not reconnect together."""
    pause = _FIRST_S
    while True:
        yield random.uniform(pause / 2, pause)  # noqa: S311  # spreads load, guards nothing
        pause = min(2 * pause, _LONGEST_S)


def until_deadline(seconds: float, work: Callable[[], None]) -> None:
    """Try until it works or times out. Raises the last Unreachable, and Refused immediately."""
    deadline = time.monotonic() + seconds
    for pause in pauses():
        try:
            work()
        except Unreachable:
            if time.monotonic() + pause > deadline:
                raise
            time.sleep(pause)
        else:
            return
