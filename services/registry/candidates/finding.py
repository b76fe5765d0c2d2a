"""Find a candidate, and the records that it is about."""

from __future__ import annotations

from ngao.chassis.errors import NotAllowedNow, or_not_found
from services.registry.context import Context
from services.registry.people.model import Defender
from services.registry.people.resolution import Candidate


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
