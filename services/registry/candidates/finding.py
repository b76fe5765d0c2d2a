"""Find a candidate, and the records that it is about."""

from __future__ import annotations

from ngao.chassis.errors import NotAllowedNow, or_not_found
from ngao.contracts import FieldError
from services.registry.context import Context
from services.registry.people.model import Defender
from services.registry.people.resolution import Candidate, Verdict


def candidate_of(ctx: Context, case_ref: str) -> Candidate:
    """Return the candidate of a case. Raises NotFound."""
    return or_not_found(ctx.candidates.get(case_ref), "There is no such candidate.")


def record_of(ctx: Context, ref: str) -> Defender:
    """Return one record. Raises NotFound."""
    return or_not_found(ctx.defenders.get(ref), "There is no such defender.")


def suggested_record(ctx: Context, candidate: Candidate, to: str) -> Defender:
    """Return a record that the case may be linked to. Raises NotFound, NotAllowedNow."""
    if to not in {suggestion.defender_ref for suggestion in candidate.suggestions}:
        raise NotAllowedNow("This defender was not suggested for the case.", slug="not-suggested")
    return record_of(ctx, to)


def demand_unchanged(candidate: Candidate, seen: str) -> None:
    """Demand that the candidate is as the caller saw it; `seen` is its revision, or empty for a caller who does not say.

    Raises NotAllowedNow (`candidate-changed`), which names what another operator did: no decision is replaced unseen.
    """
    if seen and seen != str(candidate.revision):
        now = _last_change(candidate)
        message = f"This candidate was changed since you saw it. {now}"
        raise NotAllowedNow(message, slug="candidate-changed", errors=[FieldError("/seen", "changed", now)])


def _last_change(candidate: Candidate) -> str:
    if candidate.verdict is not Verdict.OPEN and candidate.decided_at:
        return f"{candidate.decided_by} decided at {candidate.decided_at:%Y-%m-%d %H:%M} UTC: {candidate.verdict}."
    if candidate.unsure_at:
        return f"{candidate.unsure_by} was not sure at {candidate.unsure_at:%Y-%m-%d %H:%M} UTC, and asks others to decide."
    return "Read it again."
