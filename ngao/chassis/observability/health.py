"""Whether a service is alive (restart it if not) and whether it is ready (send it work), and if not, what is missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ngao.chassis.observability.logs import describe_error, get_logger

Check = Callable[[], str | None]

_LIVE_WITHIN_S = 30.0
_log = get_logger(__name__)


class Health:
    """Collects the checks of a process; `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._checks: dict[str, Check] = {}
        self._warnings: dict[str, Check] = {}
        self._facts: dict[str, Check] = {}
        self._monotonic = monotonic
        self._turned_at = monotonic()

    def register(self, name: str, check: Check) -> None:
        """Add a check: None when all is well, else one sentence that says what is missing, without secrets."""
        self._checks[name] = check

    def warn(self, name: str, check: Check) -> None:
        """Add a check of what an operator must fix although the service can work: it is reported, and requests still come."""
        self._warnings[name] = check

    def tell(self, name: str, fact: Check) -> None:
        """Add what is reported without being good or bad, such as a moment: None while it is not known."""
        self._facts[name] = fact

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Ask every check: `(ready, {"ready": bool, "checks": {name: "ok" | sentence}, "warnings": {…}, "facts": {…}})`.

        Warnings and facts are sentences and texts by name, and only those that there are.
        """
        found = {name: _ask(name, check) for name, check in list(self._checks.items())}
        warned, told = _said(self._warnings), _said(self._facts)
        ready = not any(found.values())
        checks = {name: sentence or "ok" for name, sentence in found.items()}
        return ready, {"ready": ready, "checks": checks, "warnings": warned, "facts": told}

    def turned(self) -> None:
        """Say that the event loop has come round; the web server does so every second."""
        self._turned_at = self._monotonic()

    def live(self) -> bool:
        """Return True if the event loop has run in the last 30 seconds."""
        return self._monotonic() - self._turned_at <= _LIVE_WITHIN_S


def _said(asked: dict[str, Check]) -> dict[str, str]:
    return {name: said for name, check in list(asked.items()) if (said := _ask(name, check))}


def _ask(name: str, check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a check that breaks is an answer too
        _log.error("health.check_failed", name_of_check=name, **describe_error(error))
        return "The check itself failed."
