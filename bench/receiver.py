"""All partners of one contender: a process that takes offers as fast as they come and says when each was there."""

from __future__ import annotations

import json
import multiprocessing
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any

import amqp

_PREFETCH = 200
_TELL_EVERY_S = 0.02


@dataclass(frozen=True)
class Account:
    """A broker's address and the queues to read."""

    host: str
    port: int
    user: str
    password: str
    vhost: str
    queues: tuple[str, ...]


class Receiver:
    """The driver's side: `seen` is the moment (monotonic, one clock for the whole machine) of each case's first offer."""

    def __init__(self, account: Account) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_receive, args=(account, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.seen: dict[str, float] = {}
        self.repeated = 0
        threading.Thread(target=self._collect, daemon=True).start()

    def wait_for(self, cases: set[str], within: float) -> set[str]:
        """Wait until each of these cases has its offer, for at most `within` seconds. Returns the cases without one."""
        end = time.monotonic() + within
        while (missing := cases - self.seen.keys()) and time.monotonic() < end:
            time.sleep(0.005)
        return missing

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join(5)

    def _collect(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                for case_ref, moment in self._pipe.recv():
                    self.repeated += case_ref in self.seen
                    self.seen.setdefault(case_ref, moment)


def _receive(account: Account, pipe: Pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        with suppress(OSError, amqp.AMQPError):
            _consume(account, pipe)
        time.sleep(0.2)


def _consume(account: Account, pipe: Pipe) -> None:
    held: list[tuple[str, float]] = []
    last: list[int] = []
    connection = amqp.Connection(
        f"{account.host}:{account.port}", account.user, account.password, virtual_host=account.vhost, connect_timeout=5
    )
    connection.connect()
    channel = connection.channel()
    channel.basic_qos(0, _PREFETCH, a_global=False)

    def receive(message: Any) -> None:
        held.append((json.loads(message.body)["data"]["case_ref"], time.monotonic()))
        last[:] = [message.delivery_tag]

    for queue in account.queues:
        channel.basic_consume(queue, callback=receive)
    reported = time.monotonic()
    while True:
        with suppress(TimeoutError):
            connection.drain_events(timeout=_TELL_EVERY_S)
        if held and (time.monotonic() - reported > _TELL_EVERY_S or len(held) > _PREFETCH // 2):
            channel.basic_ack(last[0], multiple=True)
            pipe.send(held)
            held.clear()
            reported = time.monotonic()
