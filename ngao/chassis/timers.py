"""Keeps a timer's failure from killing the process: nameko logs the text of what a timer method raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from eventlet import Timeout

from ngao.chassis.observability.logs import describe_error, get_logger

P = ParamSpec("P")
T = TypeVar("T")

_log = get_logger(__name__)


def guarded(method: Callable[P, T], name: str) -> Callable[P, T | None]:
    """Log a failure of this work by type and place under its name, and let the next turn try again; never raises."""

    def call(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return method(*args, **kwargs)
        except (Exception, Timeout) as error:  # noqa: BLE001 - the reason for being
            _log.error("timer.failed", operation=name, **describe_error(error))
            return None

    return call
