"""Measure, at intervals, what no request changes by itself: the backlog, overdue work, connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pymongo.errors import PyMongoError

from ngao.chassis.observability.logs import describe_error, get_logger

Measure = Callable[[], None]

_log = get_logger(__name__)


@dataclass
class _Asked:
    """One measurement and when it is due."""

    measure: Measure
    every_s: float
    due: float


class Gauges:
    """The measurements of one process, in the order in which they were added; `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._asked: list[_Asked] = []
        self._monotonic = monotonic

    def every(self, seconds: float, measure: Measure) -> None:
        """Ask for this at the next turn, and then at intervals."""
        self._asked.append(_Asked(measure, seconds, self._monotonic()))

    def turn(self) -> bool:
        """Take every measurement that is due. Returns False when one failed and its gauges are as they were.

        A store that does not answer ends the turn: the others would only wait for it as long.
        """
        whole = True
        for asked in self._asked:
            if asked.due > self._monotonic():
                continue
            try:
                asked.measure()
            except PyMongoError:
                return False
            except Exception as error:  # noqa: BLE001 - a number that is missing must not end the service
                _log.warning("gauge.failed", **describe_error(error))
                whole = False
            asked.due = self._monotonic() + asked.every_s
        return whole
