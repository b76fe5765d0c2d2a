"""Preconditions, looked at in order: what each is, what it needs before it can be looked at, and what was found.

A check's `look` gives what is well in a few words, or raises: an error of ours is a failure with its sentence and way out, a
`CheckWarning` is a warning. What needs something that has failed is not looked at, so that the first failure is the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ngao.chassis.errors import NgaoError


class State(StrEnum):
    """What came of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "not looked at"


class CheckWarning(Exception):
    """It works now, and will not for long: a warning."""


@dataclass(frozen=True)
class Check:
    """One precondition. `needs` names checks that must not have failed before."""

    what: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """What came of one check, with the sentence."""

    what: str
    state: State
    says: str


def after(what: str, checks: Iterable[Check]) -> Iterator[Check]:
    """The same checks, not looked at when `what` has failed."""
    return (Check(check.what, check.look, (what, *check.needs)) for check in checks)


def perform(checks: Iterable[Check], tell: Callable[[CheckResult], None] = lambda _: None) -> list[CheckResult]:
    """Look at everything in order; each finding is told as it is found."""
    findings: list[CheckResult] = []
    lacking: set[str] = set()
    for check in checks:
        finding = _look(check, lacking)
        if finding.state in {State.FAILED, State.SKIPPED}:
            lacking.add(check.what)
        findings.append(finding)
        tell(finding)
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
