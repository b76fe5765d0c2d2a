"""Stop every contact with a person who says stop, immediately; a second person approves the end of that."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import always, http, itself
from services.registry.contact.manage import WRITES, record_to_write, store_or_drop
from services.registry.contact.model import KEPT_FOR
from services.registry.contact.requests import StopRequest
from services.registry.contact.responses import ContactStopped, stop_shown
from services.registry.contact.spreading import spread
from services.registry.contact.standing import records_of, terms_of
from services.registry.context import Context
from services.registry.people.finding import known_person
from services.registry.people.keeping import keep_for
from services.registry.people.model import Person


@http.post(
    "/v1/defenders/<ref>/contact-stop",
    roles="operator",
    scope=WRITES,
    audit=itself("contact.stopped"),
    request=StopRequest,
    returns=ContactStopped,
    summary="Stop every contact with a person, immediately.",
)
def stop_contact(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Stop it: nothing more is sent or disclosed, and partners are asked not to use what they have. Raises NotFound.

    A second stop changes nothing. It needs no reason of the person's: saying stop is enough.
    """
    person = known_person(ctx, ref)
    record = record_to_write(ctx, person)
    if record.stopped_at is None:
        record.stop(ctx.now, str(ctx.principal.actor) if ctx.principal else "", body["reason"])
        ctx.contact_safety.save(record)
        keep_for(ctx, person, KEPT_FOR)
        ctx.audit("contact.stopped", subject=person.ref, detail={"reason": body["reason"]})
        spread(ctx, person, corrected=False)
    return _answer(ctx, person)


@http.delete(
    "/v1/defenders/<ref>/contact-stop",
    roles="operator",
    scope=WRITES,
    audit=itself("contact.stop_lifted"),
    two_person=always,
    returns=ContactStopped,
    summary="End a stop: the person wants to be contacted again.",
)
def lift_stop(ctx: Context, ref: str) -> dict[str, Any]:
    """End it on every record of the person. A second operator approves. Raises NotFound when there is no stop."""
    person = known_person(ctx, ref)
    stopped = [record for record in records_of(ctx, person) if record.stopped_at]
    if not stopped:
        raise NotFound("Contact with the defender is not stopped.")
    for record in stopped:
        record.lift_stop(terms_of(ctx))
        store_or_drop(ctx, person, record)
    ctx.audit("contact.stop_lifted", subject=person.ref)
    spread(ctx, person, corrected=False)
    return _answer(ctx, person)


def _answer(ctx: Context, person: Person) -> dict[str, Any]:
    shown = stop_shown(records_of(ctx, person))
    return {"defender_ref": person.ref, "stopped": shown is not None, "since": shown["at"] if shown else None}
