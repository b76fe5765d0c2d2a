"""The facts that others may know of a case's person: a reference, restrictions, and only what policy and the person allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ngao.kernel.consent import FOR_REFERRAL, Answer, judge
from services.registry.cases.model import Case
from services.registry.people.model import Person, Restriction, together
from services.registry.rules import IdentityPolicy


@dataclass(frozen=True)
class CaseView:
    """The content of `registry.defender.resolved`."""

    case_ref: str
    urgent: bool
    defender_ref: str | None
    resolution: str
    restrictions: tuple[Restriction, ...]
    may_contact: bool
    channels: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)


def view_of(case: Case, person: Person | None, probable: tuple[Person, ...], policy: IdentityPolicy, now: datetime) -> CaseView:
    """Build it. Until a human has decided, the restrictions of probable persons hold too: too much care harms less."""
    safety = case.told.contact_safety if person else None
    safe = safety is not None and safety.is_safe
    people = (*((person,) if person else ()), *probable)
    return CaseView(
        case_ref=case.id,
        urgent=case.urgent,
        defender_ref=person.ref if person else None,
        resolution=case.resolution,
        restrictions=together(record.restrictions for record in people),
        may_contact=safe,
        channels=safety.channels if safety and safe else (),
        attributes=_attributes(case, person, policy, now),
    )


def _attributes(case: Case, person: Person | None, policy: IdentityPolicy, now: datetime) -> dict[str, Any]:
    said = (*case.reported, *case.statements, *(person.statements if person else ()))
    if judge(said, purpose=FOR_REFERRAL, scope="attributes", recipient=None, now=now) is not Answer.LIVE:
        return {}
    return {name: value for name, value in case.told.attributes.items() if name in policy.attributes_for_matching}
