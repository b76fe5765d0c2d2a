"""A source under load, as a process: `python -m tests.faults.engine.load ORDER.json`.

Reports arrive whether or not the platform answers (open loop), over HTTP and AMQP, 5 in 100 critical, some posted again,
some withdrawn. What is not known to be taken is posted again under the same id, as any source would.
"""

from __future__ import annotations

import heapq
import http.client
import json
import logging
import random
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ngao.client import SourceClient
from ngao.client import account as accounts
from ngao.client.errors import Refused, Unreachable
from ngao.contracts import Event
from ngao.contracts.schemas.report import Report
from tests.faults.engine.history import History
from tests.support.coalition import CRITICAL, report
from tests.support.markers import Stem, Token, plant

TIMEOUT_S = 8.0
_TRIES = 12
_TURN_S, _LATE_S = 0.01, 0.1
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.7, 6.0


@dataclass
class Order:
    """What to do: read from a file that the engine writes. `rate` is reports a second, `burst` how many come at once first.

    Where there is a `ca_file`, intake is spoken to over TLS.
    """

    account: str
    key: str
    port: int
    history: str
    counties: list[str]
    seed: int
    rate: float
    burst: int = 0
    amqp: float = 0.25
    critical: float = 0.05
    again: float = 0.08
    withdrawn: float = 0.05
    marks: list[str] = field(default_factory=list)
    """For a search of what leaks: stem and kind of the markers that each report carries. Then all answers are kept, too."""
    ca_file: str = ""


@dataclass(order=True)
class Due:
    """Something to do at a moment."""

    at: float
    work: Callable[[], None] = field(compare=False)


class Load:
    """The clock of one source: what is due is handed to threads."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._random = random.Random(order.seed)  # noqa: S311  # a repeatable mix, no secret
        self._history = History(Path(order.history))
        self._client = SourceClient(accounts.load(Path(order.account), "source"), retry_seconds=4)
        self._pool = ThreadPoolExecutor(64)
        self._amqp = ThreadPoolExecutor(1)
        self._due: list[Due] = []
        self._lock = threading.Lock()
        self._open = 0
        self._stopping = False
        self._bodies: list[dict[str, Any]] = []
        self.ended = False
        self._tls = ssl.create_default_context(cafile=order.ca_file) if order.ca_file else None

    def stop(self) -> None:
        """No new reports; what is unknown is still tried again for a while."""
        self._stopping = True

    def run(self) -> None:
        threading.Thread(target=self._hear, daemon=True).start()
        for _ in range(self._order.burst):
            self._new()
        following = time.monotonic()
        while not self._stopping:
            self._turn()
            if self._order.rate and time.monotonic() >= following:
                self._new()
                following += self._random.expovariate(self._order.rate)
        patience = time.monotonic() + 30
        while (self._due or self._open) and time.monotonic() < patience:
            self._turn()
        self.ended = True
        self._history.note("info", "end", left=len(self._due) + self._open)

    def _turn(self) -> None:
        """Do what is due, and rest; when the rest took far longer than asked for, this process was not let run."""
        self._do_due()
        began = time.monotonic()
        time.sleep(_TURN_S)
        if (rested := _since(began)) > _TURN_S + _LATE_S:
            self._history.note("info", "late", took=rested)

    def _do_due(self) -> None:
        while True:
            with self._lock:
                if not self._due or self._due[0].at > time.monotonic():
                    return
                work = heapq.heappop(self._due).work
            work()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        with self._lock:
            heapq.heappush(self._due, Due(time.monotonic() + seconds, work))

    def _new(self) -> None:
        draw = self._random.random
        if self._bodies and draw() < self._order.again:
            body = self._random.choice(self._bodies)
        else:
            violations = [CRITICAL] if draw() < self._order.critical else []
            body = self._marked(report(self._random.choice(self._order.counties), *violations))
            self._bodies.append(body)
        if draw() < self._order.amqp:
            self._publish(body)
        else:
            self._post(body, withdraw=draw() < self._order.withdrawn)

    def _marked(self, body: dict[str, Any]) -> dict[str, Any]:
        if not self._order.marks:
            return body
        word, digits, kind = self._order.marks
        return plant(Report, Token(Stem(word, digits), kind), body).document

    def _start(self, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
        with self._lock:
            self._open += 1

        def all_of_it() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._open -= 1

        pool.submit(all_of_it)

    def _publish(self, body: dict[str, Any], tries: int = _TRIES) -> None:
        about = _about(body)

        def work() -> None:
            op = self._history.invoke("publish", **about)
            began = time.monotonic()
            try:
                self._client.publish(body)
            except Unreachable:
                self._history.note("info", "publish", op=op, took=_since(began), **about)
                if tries > 1:
                    self._later(_pause(tries), lambda: self._publish(body, tries - 1))
            except Refused as error:
                self._history.note("fail", "publish", op=op, took=_since(began), status=error.status, **about)
            else:
                self._history.note("ok", "publish", op=op, took=_since(began), **about)

        self._start(self._amqp, work)

    def _post(self, body: dict[str, Any], *, withdraw: bool, tries: int = _TRIES) -> None:
        about = _about(body)

        def work() -> None:
            kind, status, answer = self._exchange("post", "/v1/reports", body, about)
            if kind == "ok" and withdraw:
                path = f"/v1/reports/{answer['report_id']}/withdraw"
                self._later(self._random.uniform(0.2, 3), lambda: self._withdraw(path, {**about, "case_ref": answer["case_ref"]}))
            elif _again(kind, status) and tries > 1:
                self._later(_pause(tries), lambda: self._post(body, withdraw=withdraw, tries=tries - 1))

        self._start(self._pool, work)

    def _withdraw(self, path: str, about: dict[str, Any], tries: int = _TRIES) -> None:
        def work() -> None:
            kind, status, _ = self._exchange("withdraw", path, {}, about)
            if _again(kind, status) and tries > 1:
                self._later(_pause(tries), lambda: self._withdraw(path, about, tries - 1))

        self._start(self._pool, work)

    def _exchange(self, f: str, path: str, body: Any, about: dict[str, Any]) -> tuple[str, int, dict[str, Any]]:
        """One request; `ok` for 2xx, `fail` when it surely was not done, else `info`."""
        op, began = self._history.invoke(f, **about), time.monotonic()
        status, answer, kind = 0, {}, "info"
        line = self._line()
        try:
            line.connect()
        except OSError:
            kind = "fail"
        else:
            try:
                headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._order.key}"}
                line.request("POST", path, json.dumps(body).encode(), headers)
                got = line.getresponse()
                content = got.read()
                self._keep(content)
                status, answer = got.status, json.loads(content or b"{}")
                kind = "ok" if status < 300 else "fail" if status < 500 else "info"
            except (OSError, ValueError, http.client.HTTPException):
                kind = "info"
        finally:
            line.close()
        told = {name: answer[name] for name in ("case_ref", "report_id", "duplicate", "urgency") if name in answer}
        self._history.note(kind, f, op=op, took=_since(began), status=status, **{**about, **told})
        return kind, status, answer

    def _keep(self, content: bytes) -> None:
        if self._order.marks:
            with Path(self._order.history).with_name("answers").open("ab") as file:
                file.write(content + b"\n")
    def _line(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection("127.0.0.1", self._order.port, timeout=TIMEOUT_S)
        return http.client.HTTPSConnection("localhost", self._order.port, timeout=TIMEOUT_S, context=self._tls)

    def _hear(self) -> None:
        def heard(event: Event) -> None:
            data = event.data
            told = {name: data.get(name) for name in ("source_event_id", "event_id", "case_ref", "duplicate", "reason")}
            self._history.note("ok", "receipt", what=event.type, key=data.get("source_event_id"), **told)

        self._client.results(heard, lambda: self.ended)


def _pause(tries: int) -> float:
    """Doubling from try to try, as any source should."""
    return float(min(_FIRST_PAUSE_S * 2 ** (_TRIES - tries), _LONGEST_PAUSE_S))


def _again(kind: str, status: int) -> bool:
    return kind == "info" or (kind == "fail" and status in {0, 408, 429})


def _about(body: dict[str, Any]) -> dict[str, Any]:
    critical = bool(body["violations"][0].get("ongoing"))
    return {"key": body["source_event_id"], "critical": critical, "county": body["location"]["code"]}


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def main(path: str) -> None:
    """Run until SIGTERM, and then until nothing is unknown or half a minute is over."""
    logging.disable(logging.CRITICAL)
    order = Order(**json.loads(Path(path).read_text("utf-8")))
    if order.marks:
        Path(path).unlink()  # it names the markers, and stands where they are searched for
    load = Load(order)
    signal.signal(signal.SIGTERM, lambda *_: load.stop())
    load.run()
    sys.stdout.flush()
    import os  # noqa: PLC0415

    os._exit(0)  # threads that wait for a broker that is gone need not be waited for


if __name__ == "__main__":
    main(sys.argv[1])
