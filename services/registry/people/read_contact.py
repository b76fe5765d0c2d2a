"""Read whom to contact for a case and how it is safe; outside of the safe hours only for a second reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from ngao.chassis.handlers import http, itself
from ngao.chassis.http.bounds import PurposeNotAllowed
from ngao.kernel.records import to_record
from services.registry.cases.model import Case
from services.registry.contact.model import Way, Why
from services.registry.contact.standing import OfficersWord, officers_word
from services.registry.contact.ways import together
from services.registry.context import Context
from services.registry.people.cautions import Caution, cautions_of
from services.registry.people.finding import case_of_a_person, case_with_contact, known_person, who_may_be
from services.registry.people.identity import ContactSafety, Identity
from services.registry.people.read import SEES_IDENTITY, check_reason, reader_of_values
from services.registry.people.responses import ContactRead
from services.registry.people.safe_hours import is_safe_now


class Refused(StrEnum):
    """Why a contact is not shown for one reason alone."""

    NOT_SAFE = "not_safe"
    OUTSIDE_HOURS = "outside_hours"
    STOPPED = "stopped"
    PERSON_CALLS = "person_calls"


@dataclass(frozen=True)
class Contact:
    """What may be shown: how contact is safe, and the identity; or why it is refused. A refusal shows the safe hours only.

    `ways` are the contacts that officers confirmed, each with its own rules.
    """

    safety: ContactSafety | None = field(repr=False)
    identity: Identity | None = field(repr=False)
    refused: Refused | None
    ways: tuple[Way, ...] = ()


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
    source, word = case_with_contact(ctx, case, person), officers_word(ctx, case, person, who_may_be(ctx, person))
    local = ctx.now.astimezone(ZoneInfo(ctx.policy.zone))
    if word:
        contact = confirmed_contact_of(word, source, ctx.now, despite=bool(despite))
    else:
        contact = contact_of(source, local, despite=bool(despite))
    shown = "values" if contact.identity else "hours"
    second = {"despite": despite} if despite else {}
    ctx.audit("contact.read", subject=person.ref, detail={"reason": reason, "case": case.id, "shown": shown, **second})
    safety = contact.safety
    return {
        "case_ref": case.id,
        "refused": contact.refused and str(contact.refused),
        "zone": word.usable[0].rule.zone if word and word.usable else ctx.policy.zone,
        "cautions": [to_record(each) for each in (word_cautions(word) if word else cautions_of(safety))],
        "hours": list(safety.hours) if safety else [],
        "safety": to_record(safety) if safety and contact.identity else None,
        "identity": to_record(contact.identity) if contact.identity else None,
        "ways": [_way(each, ctx.now) for each in contact.ways] if contact.identity else [],
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


def confirmed_contact_of(word: OfficersWord, source: Case | None, now: datetime, *, despite: bool) -> Contact:
    """Decide what may be shown where officers recorded contacts: those whose hours it is now.

    Where contact is not safe at all, or the person has said stop, a second reason shows what the report states.
    """
    if not word.usable:
        stated = (source.facts.identity if source and source.is_open else None) or Identity()
        refused = {Why.STOPPED: Refused.STOPPED, Why.PERSON_CALLS: Refused.PERSON_CALLS}.get(word.why or Why.NOT_SAFE)
        return Contact(word.safety, stated if despite else None, refused or Refused.NOT_SAFE)
    open_now = [way for way in word.usable if way.may_now(now) is None]
    if not open_now:
        return Contact(word.safety, word.identity if despite else None, Refused.OUTSIDE_HOURS, word.usable)
    identity, safety, usable = together(open_now, word.identity.names)
    return Contact(safety, identity, None, usable)


def word_cautions(word: OfficersWord) -> tuple[Caution, ...]:
    """Return the cautions of what officers recorded."""
    return cautions_of(word.safety, word.why, overdue=word.overdue)


def _way(way: Way, now: datetime) -> dict[str, Any]:
    return {**to_record(way.rule, "id", "confirmed_at", "confirmed_by", "confirmed_how"), "why_not": str(way.may_now(now) or "")}


def _check(ctx: Context, reason: str, despite: str) -> None:
    """Check both reasons, and that the caller's role shows what is asked for: what a role hides was not read."""
    reader_of_values(ctx, reason)
    if despite:
        check_reason(despite, ctx.policy.read_reasons)
        if ctx.principal is None or not ctx.principal.grant.allows(despite):
            raise PurposeNotAllowed("The role of this key may not give the second reason.")
