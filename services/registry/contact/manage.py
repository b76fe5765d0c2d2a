"""Record how a person may be reached, confirm it again, and read it: what officers confirmed with the person themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.chassis.handlers import always, http, itself
from ngao.contracts import FieldError
from services.registry.contact.model import KEPT_FOR, ContactRecord, Rule
from services.registry.contact.requests import MOST_CONTACTS, Confirmation, ContactToKeep, address_of
from services.registry.contact.responses import ContactKept, ContactsShown, contact_shown, stop_shown
from services.registry.contact.spreading import spread
from services.registry.contact.standing import records_of, terms_of, ways_of_person
from services.registry.context import Context
from services.registry.people.finding import known_person
from services.registry.people.keeping import forgets, keep_for, release
from services.registry.people.model import Person
from services.registry.people.read import SEES_IDENTITY, audit_reading, reader_of, reader_of_values
from services.registry.people.showing import Reader

WRITES = "contacts:write"


@http.get(
    "/v1/defenders/<ref>/contacts",
    roles="operator",
    scope="defenders:read",
    audit=itself("contacts.read"),
    returns=ContactsShown,
    summary="Read how a person may be reached, as officers confirmed it; ?reason= is required, values need identity:read.",
)
def read_contacts(ctx: Context, ref: str, *, reason: str) -> dict[str, Any]:
    """Show every confirmed contact, and whether it may be used now. Raises NotFound, InvalidInput."""
    return _shown(ctx, ref, reader_of(ctx, reason))


@http.get(
    "/v1/defenders/<ref>/contacts/values",
    roles="operator",
    scope=SEES_IDENTITY,
    audit=itself("contacts.read"),
    returns=ContactsShown,
    summary="Read the contacts that officers confirmed with their words and hours; ?reason= is required.",
)
def read_contact_values(ctx: Context, ref: str, *, reason: str) -> dict[str, Any]:
    """Show values. Raises NotFound, InvalidInput, and Forbidden for a role that they are hidden from."""
    return _shown(ctx, ref, reader_of_values(ctx, reason))


def _shown(ctx: Context, ref: str, reader: Reader) -> dict[str, Any]:
    person = known_person(ctx, ref)
    audit_reading(ctx, "contacts.read", person.ref, reader)
    found, terms = {way.rule.id: way for way in ways_of_person(ctx, person, held=True)[0]}, terms_of(ctx)
    records = records_of(ctx, person)
    rules = sorted((rule for each in records for rule in each.rules), key=lambda rule: rule.confirmed_at, reverse=True)
    return {
        "defender_ref": person.ref,
        "masked": not reader.sees_identity,
        "stopped": stop_shown(records),
        "zone": ctx.policy.zone,
        "contacts": [contact_shown(rule, found[rule.id], reader, terms, ctx.now) for rule in rules if rule.id in found],
    }


@http.put(
    "/v1/defenders/<ref>/contacts",
    roles="operator",
    scope=WRITES,
    audit=itself("contact.confirmed"),
    request=ContactToKeep,
    returns=ContactKept,
    summary="Record how one contact of a person is used over one channel, confirmed by the person.",
)
def put_contact(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store it in place of what was recorded of the same contact and channel. Partners at work get it instead of what they have.

    Raises NotFound, InvalidInput for two phones in one field, or for more contacts than a record may have.
    """
    person = known_person(ctx, ref)
    address = address_of(body, ctx.policy.default_region)
    record, known = _record_with(ctx, person, lambda each: (each.channel, each.address) == (body["channel"], address))
    if known is None and len(record.rules) >= MOST_CONTACTS:
        raise InvalidInput("A person has at most 20 contacts.", [FieldError("/address", "too_many", "Remove one first.")])
    rule = _rule(ctx, {**body, "address": address}, known.id if known else uuid4().hex)
    _keep(ctx, person, record, rule, corrected=True)
    return _kept(ctx, person, rule)


@http.post(
    "/v1/defenders/<ref>/contacts/<contact_id>/confirmation",
    roles="operator",
    scope=WRITES,
    audit=itself("contact.confirmed"),
    request=Confirmation,
    returns=ContactKept,
    summary="Record that the person confirmed a contact again, without a change.",
)
def confirm_contact(ctx: Context, ref: str, contact_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store by whom, when and how it was confirmed: it counts before every report that came until now. Raises NotFound."""
    person = known_person(ctx, ref)
    record, known = _record_with(ctx, person, lambda each: each.id == contact_id)
    if known is None:
        raise NotFound("The defender has no such contact.")
    rule = _rule(ctx, {**vars(known), **body}, known.id)
    _keep(ctx, person, record, rule, corrected=False)
    return _kept(ctx, person, rule)


@http.delete(
    "/v1/defenders/<ref>/contacts/<contact_id>",
    roles="operator",
    scope=WRITES,
    audit=itself("contact.removed"),
    two_person=always,
    returns=ContactsShown,
    summary="Remove a confirmed contact: then only what reports state counts.",
)
def remove_contact(ctx: Context, ref: str, contact_id: str) -> dict[str, Any]:
    """Remove it. A second operator approves, because a report may allow more. Raises NotFound."""
    person = known_person(ctx, ref)
    record, known = _record_with(ctx, person, lambda each: each.id == contact_id)
    if known is None or not record.remove(contact_id, terms_of(ctx)):
        raise NotFound("The defender has no such contact.")
    store_or_drop(ctx, person, record)
    ctx.audit("contact.removed", subject=person.ref, detail={"contact": contact_id, "channel": known.channel})
    spread(ctx, person, corrected=True)
    return {"defender_ref": person.ref, "masked": True, "stopped": None, "zone": ctx.policy.zone, "contacts": []}


@forgets
def forget_contacts(ctx: Context, ref: str) -> Mapping[str, int]:
    """Remove what officers recorded of contact with the person of this record."""
    removed = {"hand_overs": ctx.hand_overs.forget(ref)}
    if record := ctx.contact_safety.get(ref):
        ctx.contact_safety.remove(record)
        removed["contact_safety"] = 1
    return {name: number for name, number in removed.items() if number}


def store_or_drop(ctx: Context, person: Person, record: ContactRecord) -> None:
    """Store a changed record, or remove an empty one; a person of whom nothing is left is not kept for it any more."""
    if not record.is_empty:
        ctx.contact_safety.save(record)
        return
    if record.revision:
        ctx.contact_safety.remove(record)
    if all(each.is_empty or each.id == record.id for each in records_of(ctx, person)):
        release(ctx, person, KEPT_FOR)


def record_to_write(ctx: Context, person: Person) -> ContactRecord:
    """Return the record in which what holds for the person is stored."""
    return ctx.contact_safety.get(person.root.id) or ContactRecord(person.root.id)


def _record_with(ctx: Context, person: Person, fits: Any) -> tuple[ContactRecord, Rule | None]:
    """Return the record that holds such a rule, and the rule; else the one to write to."""
    for record in records_of(ctx, person):
        for rule in record.rules:
            if fits(rule):
                return record, rule
    return record_to_write(ctx, person), None


def _rule(ctx: Context, body: Mapping[str, Any], rule_id: str) -> Rule:
    by = str(ctx.principal.actor) if ctx.principal else ""
    given = {name: body[name] for name in Rule.__dataclass_fields__ if body.get(name) is not None}
    given["hours"] = tuple(body.get("hours") or ())
    given.setdefault("zone", ctx.policy.zone)
    return Rule(**{**given, "id": rule_id, "confirmed_at": ctx.now, "confirmed_by": by})


def _keep(ctx: Context, person: Person, record: ContactRecord, rule: Rule, *, corrected: bool) -> None:
    record.put(rule, terms_of(ctx))
    ctx.contact_safety.save(record)
    keep_for(ctx, person, KEPT_FOR)
    detail = {"contact": rule.id, "channel": rule.channel, "allowed": str(rule.allowed).lower(), "how": rule.confirmed_how}
    ctx.audit("contact.confirmed", subject=person.ref, detail=detail)
    spread(ctx, person, corrected=corrected)


def _kept(ctx: Context, person: Person, rule: Rule) -> dict[str, Any]:
    return {"defender_ref": person.ref, "contact_id": rule.id, "due_at": terms_of(ctx).due(rule)}
