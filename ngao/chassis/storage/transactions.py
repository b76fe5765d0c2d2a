"""Runs work in transactions of one session, each bounded in time and durable once it has ended."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVar

import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference

from ngao.chassis.storage.connection import DURABLE

T = TypeVar("T")


class Transactions:
    """The transactions of one user, who begins none while another is under way."""

    def __init__(self, client: MongoClient[dict[str, Any]], timeout: float) -> None:
        self._client, self._timeout = client, timeout
        self._session: ClientSession | None = None

    def run(self, work: Callable[[ClientSession], T], *, alone: bool = False) -> T:
        """Run work and commit it; it runs again after a conflict, for `timeout` seconds in all. Raises what pymongo does.

        It has a time of its own: that of the request which happens to run it may be nearly over. `alone` is for one write, which
        needs no transaction; it says itself how durable it is.
        """
        return Context().run(self._run, work, alone)

    def _run(self, work: Callable[[ClientSession], T], alone: bool) -> T:  # noqa: FBT001  # passed on as it is
        with pymongo.timeout(self._timeout):
            session = self._own_session()
            if alone:
                return work(session)
            return session.with_transaction(work, ReadConcern("snapshot"), DURABLE, ReadPreference.PRIMARY)

    def _own_session(self) -> ClientSession:
        """Return the one session of all transactions.

        A store that hung keeps the transaction it had begun, with its locks, for a minute, because its end never reached
        it. A new transaction ends that one immediately, but only in the same session.
        """
        if self._session is None:
            self._session = self._client.start_session(causal_consistency=False)
        elif self._session.in_transaction:
            self._session.abort_transaction()
        return self._session
