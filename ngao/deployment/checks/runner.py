"""Runs checks of preconditions in order, and collects their results.

A check's `look` returns a few words if the precondition holds. An `NgaoError` is a failure, whose sentence gives the cause and
the remedy; a `CheckWarning` is a warning. A check that needs a failed one is skipped, so that the first failure is the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ngao.chassis.errors import NgaoError


class State(StrEnum):
    """The state of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "not looked at"


class CheckWarning(Exception):
    """A warning: the precondition holds now, and will soon fail."""


@dataclass(frozen=True)
class Check:
    """One precondition. `needs` names checks that must not have failed before."""

    what: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """The result of one check, with its sentence."""

    what: str
    state: State
    says: str


def after(what: str, checks: Iterable[Check]) -> Iterator[Check]:
    """Return the same checks, to be skipped if `what` has failed."""
    return (Check(check.what, check.look, (what, *check.needs)) for check in checks)


def perform(checks: Iterable[Check], progress: Callable[[CheckResult], None] = lambda _: None) -> list[CheckResult]:
    """Run the checks in order. `progress` gets each result immediately."""
    findings: list[CheckResult] = []
    lacking: set[str] = set()
    for check in checks:
        finding = _look(check, lacking)
        if finding.state in {State.FAILED, State.SKIPPED}:
            lacking.add(check.what)
        findings.append(finding)
        progress(finding)
    return findings


def _look(check: Check, lacking: set[str]) -> CheckResult:
    missing = [name for name in check.needs if name in lacking]
    if missing:
        return CheckResult(check.what, State.SKIPPED, f"because of: {missing[0]}")
    try:
        return CheckResult(check.what, State.OK, check.look())
    except CheckWarning as doubt:
        return CheckResult(check.what, State.WARNING, str(doubt))
    except NgaoError as error:
        return CheckResult(check.what, State.FAILED, str(error))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return CheckResult(check.what, State.FAILED, f"The system refuses: {error.strerror or type(error).__name__}{where}.")
