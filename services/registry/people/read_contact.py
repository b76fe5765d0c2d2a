"""Read whom to contact for a case and how it is safe; outside of the safe hours only for a second reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from ngao.chassis.errors import Forbidden
from ngao.chassis.handlers import http, itself
from ngao.chassis.http.bounds import PurposeNotAllowed
from ngao.kernel.records import to_record
from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.people.cautions import cautions_of
from services.registry.people.finding import case_of_a_person, case_with_contact, known_person
from services.registry.people.identity import ContactSafety, Identity
from services.registry.people.read import SEES_IDENTITY, check_reason, reader_of
from services.registry.people.responses import ContactRead
from services.registry.people.safe_hours import is_safe_now


class Refused(StrEnum):
    """Why a contact is not shown for one reason alone."""

    NOT_SAFE = "not_safe"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True)
class Contact:
    """What may be shown: how contact is safe, and the identity; or why it is refused. A refusal shows the safe hours only."""

    safety: ContactSafety | None = field(repr=False)
    identity: Identity | None = field(repr=False)
    refused: Refused | None


@http.get(
    "/v1/cases/<case_ref>/contact",
    roles="operator",
    scope=SEES_IDENTITY,
    audit=itself("contact.read"),
    returns=ContactRead,
    summary="Read whom to contact for a case, and how it is safe; ?reason= is required, and ?despite= outside of the safe hours.",
)
def read_contact(ctx: Context, case_ref: str, *, reason: str, despite: str = "") -> dict[str, Any]:
    """Show the identity that the report of the case states, over the channels that it calls safe, and audit it.

    Outside of its safe hours, and where contact is not safe at all, nothing of it is shown unless `despite` is a second reason, a
    code of policy like the first. Raises NotFound, also when the case is anonymous, InvalidInput, Forbidden, PurposeNotAllowed.
    """
    _check(ctx, reason, despite)
    case = case_of_a_person(ctx, case_ref)
    person = known_person(ctx, case.defender_ref or "")
    source = case_with_contact(ctx, case, person)
    contact = contact_of(source, ctx.now.astimezone(ZoneInfo(ctx.policy.zone)), despite=bool(despite))
    shown = "values" if contact.identity else "hours"
    second = {"despite": despite} if despite else {}
    ctx.audit("contact.read", subject=person.ref, detail={"reason": reason, "case": case.id, "shown": shown, **second})
    safety = contact.safety
    return {
        "case_ref": case.id,
        "refused": contact.refused and str(contact.refused),
        "zone": ctx.policy.zone,
        "cautions": [to_record(each) for each in cautions_of(safety)],
        "hours": list(safety.hours) if safety else [],
        "safety": to_record(safety) if safety and contact.identity else None,
        "identity": to_record(contact.identity) if contact.identity else None,
    }


def contact_of(source: Case | None, local: datetime, *, despite: bool) -> Contact:
    """Decide what may be shown of the case whose report says how its person is reached; `local` is the person's own time."""
    safety = source.facts.contact_safety if source and source.is_open else None
    stated = (source.facts.identity if source else None) or Identity()
    if safety is None or not safety.is_safe:
        return Contact(safety, stated if despite else None, Refused.NOT_SAFE)
    if not is_safe_now(safety.hours, local):
        return Contact(safety, safety.reachable(stated) if despite else None, Refused.OUTSIDE_HOURS)
    return Contact(safety, safety.reachable(stated), None)


def _check(ctx: Context, reason: str, despite: str) -> None:
    """Check both reasons, and that the caller's role shows what is asked for: what a role hides was not read."""
    if not reader_of(ctx, reason).sees_identity:
        raise Forbidden("The role of this key does not show names and addresses.")
    if despite:
        check_reason(despite, ctx.policy.read_reasons)
        if ctx.principal is None or not ctx.principal.grant.allows(despite):
            raise PurposeNotAllowed("The role of this key may not give the second reason.")
