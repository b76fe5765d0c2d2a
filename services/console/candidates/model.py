"""What the pages of candidates show: the pairs side by side, who has decided what, and decisions that need a second person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.console.values import account_of

LINKED, SEPARATE = "linked", "separate"
_VERDICTS = {"linkCandidate": LINKED, "separateCandidate": SEPARATE}
"""What an operation of the registry decides."""
_ABOUT_NAMES = ("similar_name", "part_of_name", "other_word", "other_name", "no_name")


@dataclass(frozen=True)
class Fact:
    """One row of two records: its code, what either has, and as a code how they compare, if that is known."""

    code: str
    new: tuple[str, ...]
    known: tuple[str, ...]
    compared: str = ""


@dataclass(frozen=True)
class Decision:
    """What a person has decided, or asked for. `at` is a moment as the services write it."""

    verdict: str
    by: str
    at: str


def facts_of(candidate: Mapping[str, Any], suggestion: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Return the rows of a pair, each fact that either record has."""
    reasons = tuple(suggestion.get("reasons", ()))
    about_name = next((each for each in reasons if each in _ABOUT_NAMES), "")
    rows = [_of_identity(candidate, suggestion, "names", about_name)]
    rows += [_of_identity(candidate, suggestion, f"{kind}s", _same(kind, reasons)) for kind in ("phone", "email")]
    rows += [_number(candidate, suggestion, each) for each in ("reports", "restrictions")]
    return tuple(each for each in rows if each.new or each.known)


def decision_of(candidate: Mapping[str, Any]) -> Decision | None:
    """Return what was decided about a candidate, by whom and when; None if it waits for a decision."""
    verdict = str(candidate.get("verdict", ""))
    if verdict not in (LINKED, SEPARATE):
        return None
    return Decision(verdict, account_of(candidate.get("decided_by")), str(candidate.get("decided_at") or ""))


def asked_for(case_ref: str, approvals: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """Return the decisions about a candidate that were asked for and wait for the approval of a second person."""
    own = [each for each in approvals if (each.get("values") or {}).get("case_ref") == case_ref]
    return [
        Decision(_VERDICTS[each["operation"]], each["asked_by"], each["asked_at"])
        for each in own
        if each["operation"] in _VERDICTS
    ]


def best_score(candidate: Mapping[str, Any]) -> float:
    """Return how alike the likest of the known records is, from 0 to 1."""
    return max((float(each["score"]) for each in candidate.get("suggestions", ())), default=0.0)


def _of_identity(candidate: Mapping[str, Any], suggestion: Mapping[str, Any], name: str, compared: str) -> Fact:
    new, known = (tuple((side.get("identity") or {}).get(name, ())) for side in (candidate, suggestion))
    return Fact(name, new, known, compared)


def _same(kind: str, reasons: tuple[str, ...]) -> str:
    return f"same_{kind}" if f"same_{kind}" in reasons else ""


def _number(candidate: Mapping[str, Any], suggestion: Mapping[str, Any], name: str) -> Fact:
    return Fact(name, (str(candidate.get(name, 0)),), (str(suggestion.get(name, 0)),))
