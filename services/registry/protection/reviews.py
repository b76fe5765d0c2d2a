"""Reviews of protection plans: which are due, and the timer that asks a human once for each."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from ngao.chassis.handlers import every, http, itself, measures
from ngao.chassis.measuring import SELDOM_S
from ngao.contracts.events.registry import ReviewDue
from services.registry.context import Context, RegistryParts
from services.registry.people.finding import person_of
from services.registry.protection.manage import READS
from services.registry.protection.responses import ReviewsShown
from services.registry.protection.store import overdue

_AT_ONCE = 100
_SHOWN = 200
_AHEAD = timedelta(days=14)


@http.get(
    "/v1/protection/reviews",
    roles="operator",
    scope=READS,
    audit=itself("reviews.listed"),
    returns=ReviewsShown,
    summary="List the reviews of protection plans that are due, and those of the next two weeks.",
)
def list_reviews(ctx: Context) -> dict[str, Any]:
    """Show whose plan about whom is to be reviewed and since when, the longest due first: pseudonyms and codes."""
    found = ctx.assessments.to_review(ctx.now + _AHEAD, _SHOWN + 1)
    ctx.audit("reviews.listed", subject="protection", detail={"reviews": str(len(found[:_SHOWN]))})
    names = ("defender_ref", "about", "number", "review_at")
    shown = [{**{name: getattr(each, name) for name in names}, "is_due": each.review_at <= ctx.now} for each in found[:_SHOWN]]
    return {"reviews": shown, "more": len(found) > _SHOWN}


@every(seconds=300)
def ring_for_reviews(parts: RegistryParts) -> None:
    """Ring for each review that is due, each in a unit of its own: of two processes one conflicts, and rings no more."""
    for assessment_id in parts.read().assessments.to_ring(parts.clock.now(), _AT_ONCE):
        parts.run(partial(ring_for_review, assessment_id=assessment_id))


def ring_for_review(ctx: Context, assessment_id: str) -> bool:
    """Publish once that a version is to be reviewed: pseudonym and codes. The list has it until someone saves a new version."""
    version = ctx.assessments.get(assessment_id)
    if version is None or not version.ring(ctx.now):
        return False
    ctx.assessments.save(version)
    person = person_of(ctx, version.defender_ref)
    ref = person.ref if person else version.defender_ref
    due = ReviewDue(case_ref=ref, defender_ref=ref, about=version.about, version=version.number)
    ctx.publish(due, subject=ref, urgent=False)
    return True


@measures(seconds=SELDOM_S)
def measure_due_reviews(parts: RegistryParts) -> None:
    """Export how many reviews are past their day."""
    count, first = overdue(parts.clock.now())
    parts.metrics.overdue("protection_review", count, (parts.clock.now() - first).total_seconds() if first else 0.0)
