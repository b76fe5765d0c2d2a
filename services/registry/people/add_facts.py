"""Add the facts of later reports to a person's record, one at a time and after those reports are processed.

This also closes a gap: a restriction, a consent or a separation from the very moment in which a new case was resolved would
miss that case, also if it is about a person whom the case's own may turn out to be. Here both are written together, so
whichever came first is seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ngao.chassis.errors import Conflict, SealBroken
from ngao.chassis.handlers import every
from ngao.chassis.observability.logs import get_logger
from services.registry.cases.model import Case
from services.registry.context import Context, RegistryParts
from services.registry.disclosure.disclose import disclose_again, disclose_again_by_reference
from services.registry.people.finding import person_of, probable_people, root_of
from services.registry.people.model import Person
from services.registry.people.publishing import publish_all

_AT_ONCE = 100
_log = get_logger("registry")


@every(seconds=2)
def add_later_facts(parts: RegistryParts) -> None:
    """Add the facts of later reports to their records, each case in a unit of its own: what fails delays no other."""
    for case_ref in parts.read().cases.with_facts_to_add(_AT_ONCE):
        try:
            parts.run(partial(add_facts_of, case_ref=case_ref))
        except (Conflict, SealBroken) as error:  # the next turn finds the case again
            _log.warning("facts.not_added", case_ref=case_ref, error=type(error).__name__)


def add_facts_of(ctx: Context, case_ref: str) -> None:
    """Add one case's identity to the record, and publish what has changed since it was resolved."""
    case = ctx.cases.get(case_ref)
    if case is None or case.facts_added:
        return
    case.facts_added = True
    probable = probable_people(ctx, case)
    _add_facts(ctx, case, probable)
    person = person_of(ctx, case.defender_ref)
    if case.is_open and person and person.published(probable) != case.published:
        parted = person.is_parted_from(case.published)
        publish_all(ctx, case)
        disclose_again(ctx, case, corrected=parted, void=parted and not case.facts.identity)
    ctx.cases.save(case)
    if case.is_open and case.facts.identity:
        disclose_again_by_reference(ctx, case, corrected=True)


def _add_facts(ctx: Context, case: Case, probable: Iterable[Person]) -> None:
    """Write the records even when nothing is new, so that a change of consent or restriction at the same moment conflicts."""
    record = ctx.defenders.get(case.defender_ref) if case.defender_ref else None
    if record is None:
        return
    if case.facts.identity:
        record.add_facts(case.facts.identity)
    ctx.defenders.save(record)
    for root in (root_of(ctx, record), *(person.root for person in probable)):
        if root is not record:
            ctx.defenders.save(root)
