"""A source that posts while something is changed, with what its account folder holds at each moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from ngao.client import ClientError, SourceClient
from ngao.client import account as accounts
from ngao.testing.waiting import eventually

PATIENCE_S = 2.0


class Flow:
    """Posts, over HTTPS and over AMQPS in turn, each report again and again until it is known to be taken.

    `pace` is how many seconds lie between two reports, `more` how many have to be taken for the flow to be going on.
    """

    def __init__(self, account: Path, body: Callable[[], dict[str, Any]], *, pace: float = 0.1, more: int = 6) -> None:
        self.account = account
        self.taken: list[str] = []
        self._body, self._pace, self._more = body, pace, more
        self._trouble = "none"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(60)

    def goes_on(self, within: float = 90) -> None:
        """Until some more are taken, of which all but the first were begun after this moment."""
        wanted = len(self.taken) + self._more
        try:
            eventually(lambda: len(self.taken) >= wanted, within=within, what="reports to be taken")
        except AssertionError as error:
            raise AssertionError(f"{error}; the last trouble of the source: {self._trouble}") from None

    def _run(self) -> None:
        while not self._ended.wait(self._pace):
            self._hand_over(self._body(), over_http=len(self.taken) % 2 == 0)

    def _hand_over(self, body: dict[str, Any], *, over_http: bool) -> None:
        while not self._ended.is_set():
            try:
                self._give(body, over_http=over_http)
            except (ClientError, OSError) as error:
                self._trouble = f"{type(error).__name__}: {error}"
            else:
                self.taken.append(body["source_event_id"])
                return

    def _give(self, body: dict[str, Any], *, over_http: bool) -> None:
        """As a program that was started this moment."""
        client = SourceClient(accounts.load(self.account, "source"), retry_seconds=PATIENCE_S)
        try:
            client.post(body) if over_http else client.publish(body)
        finally:
            client.close()
