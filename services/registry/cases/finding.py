"""Find a case that another service's event is about."""

from __future__ import annotations

from ngao.chassis.errors import Retryable
from services.registry.cases.model import Case
from services.registry.context import Context


def known_case(ctx: Context, case_ref: str) -> Case:
    """Return the case. Raises Retryable when its first event has not come yet, so that the later one is retried after a delay."""
    case = ctx.cases.get(case_ref)
    if case is None:
        raise Retryable("The case is not known yet; its first event may still arrive.")
    return case
