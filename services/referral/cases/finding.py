"""Find the case that an event or an operator names."""

from __future__ import annotations

from ngao.chassis.errors import NotAllowedNow, or_not_found
from services.referral.cases.model import Case
from services.referral.context import Context


def known_or_new(ctx: Context, case_ref: str, *, likely_new: bool = False) -> Case:
    """Return the case, or create one: the first fact about it has arrived, and the other has its deadline.

    One that is likely new is looked up only in doubt: if it is not new, the commit is a Conflict.
    """
    known = ctx.cases.get(case_ref) if ctx.unit.again or not likely_new else None
    return known or Case(case_ref, created_at=ctx.now, waiting_until=ctx.now + ctx.deadlines.resolve_by)


def known_case(ctx: Context, case_ref: str) -> Case:
    """Return the case. Raises NotFound, for a case that the caller does not reach as for one that does not exist."""
    case = ctx.cases.get(case_ref)
    return or_not_found(case if case and ctx.reaches(case.county, case.owner) else None, "There is no such case.")


def case_to_change(ctx: Context, case_ref: str) -> Case:
    """Return the case while it is not closed; raises NotFound, NotAllowedNow."""
    case = known_case(ctx, case_ref)
    if case.closed:
        raise NotAllowedNow("The case is closed.", slug="case-closed")
    return case
