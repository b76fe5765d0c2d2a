"""What a unit of work leaves for later in the journal, in one command with its events and marks, and what moves it to its place.

A line has the acts of one unit, which go to the chains of the audit, or a new record that is only read after it was moved. Within
a second a transaction moves many lines. So a unit waits for no head of a chain, and writes to fewer collections. Who reads such
a collection has the lines moved first (`move_all`), and finds all that was committed.
"""

from __future__ import annotations

import itertools
import re
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError

from ngao.chassis.errors import Unavailable
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.security.audit import Broken, Head, Record, Verified
from ngao.chassis.security.audit_lines import is_sound, keyed_acts
from ngao.chassis.security.audit_search import Sought
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.connection import JOURNAL, SIZE, TO_MOVE, fitting
from ngao.chassis.storage.refusals import meaning_of
from ngao.chassis.storage.transactions import Transactions
from ngao.chassis.timers import guarded

_TOGETHER, _BYTES = 500, 8 * 1024**2
_SHOWN = {**dict.fromkeys(("to_move", "audit", "key", "mac", "into", "record"), 1), **SIZE}
_TIMEOUT_S = 5.0
_SWEEP_EVERY_S = 5.0
"""So often a clerk looks for lines of a process that ended before it had moved them."""
_DIGITS = 20
_COLLECTION = re.compile(r"(?!audit)[a-z_]{1,60}")
_log = get_logger("journal")

Line = dict[str, Any]
T = TypeVar("T")


class Journal:
    """One service's journal. Several processes may move lines at the same time: each line is moved once."""

    def __init__(self, database: Database[dict[str, Any]], trail: AuditTrail) -> None:
        self.trail = trail
        self.has_lines = threading.Event()
        """Set once a line is committed."""
        self.refused: list[Any] = []
        """The ids of lines that stay, because this service has not written them so, or because their place is taken."""
        self.forged = False
        """True if the acts of a line that stays are not what this service has put on record."""
        self._database, self._lines = database, database[JOURNAL]
        self._transactions = Transactions(database.client, _TIMEOUT_S)
        self._moving = threading.Lock()
        self._turns, self._together = 0, _TOGETHER
        self._failed: Unavailable | None = None
        self._count = itertools.count()

    def lines(self, records: Sequence[Record], carried: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Line]:
        """Make the lines of one unit; no writer of the database can add or change its acts, because they are keyed.

        Their ids are later than those of all earlier lines of this process.
        """
        made = [self._line({"into": into, "record": record}) for into, record in carried]
        if records:
            line = self._line({})
            made.append(line | keyed_acts(line["_id"], records, self.trail.keys.value().newest()))
        return made

    def move_all(self) -> None:
        """Move all lines that were committed before. Without any it costs one read. Raises Unavailable.

        Callers that wait for one another share the outcome of a turn that began after they came.
        """
        came = self._turns
        with self._moving:
            if self._turns == came:
                self._turns += 1
                self._failed = self._turn()
            if self._failed:
                raise self._failed

    def look_again(self) -> None:
        """Forget the refused lines that are not there any more, and look at the others again."""
        self.refused, self.forged = [], False
        self.move_all()

    def oldest_s(self) -> float:
        """Return for how many seconds the oldest line has waited; 0 if none waits."""
        oldest = self._lines.find_one(TO_MOVE, {"_id": 1}, sort=[("to_move", ASCENDING)])
        return max(0.0, time.time() - _written_at_s(oldest["_id"])) if oldest else 0.0

    def heads(self) -> dict[int, Head]:
        """Return where each chain of the audit is, with all acts that are on record."""
        self.move_all()
        return self.trail.heads()

    def search(self, sought: Sought, most: int) -> list[dict[str, Any]]:
        """Return the newest entries of the audit that were sought, of all acts that are on record. Raises Unavailable."""
        self.move_all()
        return self.trail.search(sought, most)

    def acts(
        self, subjects: Sequence[str], actions: Sequence[str], detail: Mapping[str, str], most: int
    ) -> tuple[int, list[Mapping[str, Any]]]:
        """Return how many such acts are on record about some subjects, and the newest of them. Raises Unavailable."""
        self.move_all()
        return self.trail.acts(subjects, actions, detail, most)

    def verify(self, noted: Sequence[Head] = ()) -> Verified | Broken:
        """Verify the audit, with all acts that are on record."""
        self.look_again()
        return Broken(-1, -1, "line") if self.forged else self.trail.verify(noted)

    def _line(self, content: Mapping[str, Any]) -> Line:
        line_id = f"{time.time_ns():0{_DIGITS}d}-{next(self._count):09d}-{secrets.token_hex(4)}"
        return {"_id": line_id, "to_move": line_id, **content}

    def _turn(self) -> Unavailable | None:
        """Move until nothing is left; returns why not. A store that was too slow is given fewer lines at a time."""
        try:
            while self._move():
                self._together = min(_TOGETHER, self._together * 2)
        except Unavailable as error:
            self._together = max(1, self._together // 2)
            return error
        return None

    def _move(self) -> bool:
        """Move the oldest lines; returns whether there may be more."""
        try:
            return self._in_a_transaction(TO_MOVE)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001  # one of them is at fault, and must not keep the others
            with self._lines.find(self._chosen(TO_MOVE), {"_id": 1}).sort("to_move").limit(self._together) as found:
                ids = [each["_id"] for each in found]
            for line_id in ids:
                self._move_alone(line_id)
            return len(ids) == self._together

    def _move_alone(self, line_id: Any) -> None:
        try:
            self._in_a_transaction({"_id": line_id, **TO_MOVE})
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, it stays, is shown, and keeps no other
            self._refuse(line_id, type(error).__name__)

    def _chosen(self, chosen: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"$and": [chosen, {"_id": {"$nin": self.refused}}]} if self.refused else chosen

    def _in_a_transaction(self, chosen: Mapping[str, Any]) -> bool:
        try:
            more, moved = self._transactions.run(lambda session: self._move_in(session, chosen))
        except PyMongoError as error:
            raise meaning_of(error) from None
        self.trail.written |= moved
        return more

    def _move_in(self, session: ClientSession, chosen: Mapping[str, Any]) -> tuple[bool, dict[int, Head]]:
        with self._lines.find(self._chosen(chosen), _SHOWN, session=session).sort("to_move").limit(self._together) as found:
            read, left = fitting(found, _BYTES)
        more = left or len(read) == self._together
        lines = [line for line in read if self._is_ours(line)]
        if not lines:
            return more, {}
        moved = self.trail.append(session, [line for line in lines if "audit" in line])
        for into, records in grouped((line["into"], line["record"]) for line in lines if "into" in line).items():
            self._database[into].insert_many(records, session=session)
        self._lines.delete_many({"_id": {"$in": [line["_id"] for line in lines]}}, session=session)
        return more, moved

    def _is_ours(self, line: Line) -> bool:
        """Return True if a line can be moved. Its acts must be keyed; a record may go to collections of the service only."""
        if "audit" in line:
            if not is_sound(line, self.trail.keys.having(str(line.get("key")))):
                self.forged = True
                self._refuse(line["_id"], "acts")
                return False
        elif not (isinstance(line.get("record"), Mapping) and _COLLECTION.fullmatch(str(line.get("into")))):
            self._refuse(line["_id"], "form")
            return False
        return True

    def _refuse(self, line_id: Any, reason: str) -> None:
        if line_id not in self.refused:
            self.refused.append(line_id)
            _log.error("journal.line_refused", reason=reason)


class Clerk:
    """Moves a process's lines; `run` is its only thread. A line waits `within_s`, so that others can be moved with it."""

    def __init__(self, journal: Journal, within_s: float) -> None:
        self._journal, self._within_s = journal, within_s
        self._stopping = threading.Event()

    def run(self) -> None:
        """Move lines until stopped, and then those that are left. A failure is logged, and it is tried again."""
        move = guarded(self._journal.move_all, "move_lines")
        while not self._stopping.is_set():
            if self._journal.has_lines.wait(_SWEEP_EVERY_S):
                self._journal.has_lines.clear()
                self._stopping.wait(self._within_s)
            move()

    def stop(self) -> None:
        """Ask `run` to move what is left and end."""
        self._stopping.set()
        self._journal.has_lines.set()


def grouped(placed: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """Return what goes to each collection, in its order, so that it can be written in one command."""
    found: dict[str, list[T]] = defaultdict(list)
    for collection, each in placed:
        found[collection].append(each)
    return found


def _written_at_s(line_id: object) -> float:
    nanoseconds = str(line_id).partition("-")[0]
    return int(nanoseconds) / 1e9 if nanoseconds.isdecimal() and len(nanoseconds) <= _DIGITS else 0.0
