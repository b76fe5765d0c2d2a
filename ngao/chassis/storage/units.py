"""Opens units of work for a service, runs use cases in them, and commits them together with other waiting units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from ngao.chassis.clock import Clock
from ngao.chassis.errors import Conflict
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.keyring import Keyring
from ngao.chassis.storage.lookups import Lookups
from ngao.chassis.storage.unit_of_work import Unit

T = TypeVar("T")

_TRIES = 6
_PIECE = 50
_BESIDE: ContextVar[Callable[[Unit], None] | None] = ContextVar("beside", default=None)


class Units:
    """One service's units."""

    def __init__(self, clock: Clock, keyring: Keyring, lookups: Lookups, committer: GroupCommitter) -> None:
        self._clock = clock
        self._keyring = keyring
        self._lookups = lookups
        self._committer = committer

    def read(self, traceparent: str | None = None, *, again: bool = True) -> Unit:
        """Return a unit to read with, or to fill and hand to `commit` later; `again` as it will be the unit's."""
        move = self._committer.journal.move_all
        return Unit(self._clock.now(), self._keyring, self._lookups, traceparent, again=again, move_carried=move)

    @contextmanager
    def beside(self, register: Callable[[Unit], None]) -> Iterator[Callable[[], bool]]:
        """Let the first unit that commits in here register this too, in its own transaction; gives whether one did."""
        token = _BESIDE.set(register)
        try:
            yield lambda: _BESIDE.get() is None
        finally:
            _BESIDE.reset(token)

    def run(self, work: Callable[[Unit], T], traceparent: str | None = None, *, again: bool = False) -> T:
        """Run a use case and commit what it registered.

        On a Conflict the whole use case runs again with a fresh unit, because what it decided may be wrong now.
        Raises what the use case raises, Conflict after several tries, Unavailable when the store does not answer.
        """
        for tried in range(_TRIES):
            unit = self.read(traceparent, again=again or tried > 0)
            with self._committer.expecting():
                result = work(unit)
                if (register := _BESIDE.get()) and not unit.is_empty:
                    register(unit)
            if unit.is_empty:
                return result
            error = self.commit([unit])[0]
            if error is None:
                _BESIDE.set(None)
                return result
            if not isinstance(error, Conflict):
                raise error
        raise Conflict("The record kept changing while we tried to change it.")

    def run_all(self, works: list[Callable[[Unit], T]]) -> list[T | Exception]:
        """Run several use cases, committed in small groups between which others come; each gets its own result or error."""
        pieces = (works[at : at + _PIECE] for at in range(0, len(works), _PIECE))
        return [result for piece in pieces for result in self._run_piece(piece)]

    def _run_piece(self, works: list[Callable[[Unit], T]]) -> list[T | Exception]:
        units = [self.read(again=False) for _ in works]
        results: list[T | Exception] = [attempt(work, unit) for work, unit in zip(works, units, strict=True)]
        sound = [at for at, result in enumerate(results) if not isinstance(result, Exception) and not units[at].is_empty]
        errors = self.commit([units[at] for at in sound])
        for at, error in zip(sound, errors, strict=True):
            if isinstance(error, Conflict):
                results[at] = attempt(self.run, works[at], again=True)
            elif error is not None:
                results[at] = error
        return results

    def commit(self, units: list[Unit]) -> list[Exception | None]:
        """Commit units as one group; None for each that is stored, its own error for each that is not."""
        errors = self._committer.commit(units)
        for unit, error in zip(units, errors, strict=True):
            if error is None:
                unit.committed()
        return errors


def attempt(work: Callable[..., T], *given: Any, **more: Any) -> T | Exception:
    """Make the error of a piece of work its result: an item's own answer. Of one that is raised, nameko would log the text."""
    try:
        return work(*given, **more)
    except Exception as error:  # noqa: BLE001  # for the caller to answer with, or to classify
        return error
