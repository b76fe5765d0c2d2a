"""Plan a check-in with a person, show what is planned, and end it."""

from __future__ import annotations

import secrets
from typing import Any

from ngao.chassis.errors import InvalidInput, NotAllowedNow, or_not_found
from ngao.chassis.handlers import http, itself, nothing
from ngao.contracts import FieldError
from ngao.kernel.records import to_record
from ngao.kernel.references import spelt
from services.registry.checkins.model import CHECKINS, Checkin, moment_of
from services.registry.checkins.requests import (
    CheckinMade,
    CheckinPlan,
    CheckinShown,
    CheckinsShown,
    TrustedShown,
    checkin_answer,
    checkins_answer,
)
from services.registry.checkins.words import differ_in, plain
from services.registry.context import Context
from services.registry.people.finding import known_person
from services.registry.people.keeping import forgets, keep_for
from services.registry.people.read import SEES_IDENTITY, audit_reading, reader_of
from services.registry.rules import CheckinRules

READ, WRITE = "checkins:read", "checkins:write"
_MOST_OPEN, _MOST_OF_ONE, _DAY_MINUTES = 200, 20, 24 * 60
LINK, WORD = "checkin-link", "checkin-word"
_ID_BITS = 50


@http.post(
    "/v1/defenders/<ref>/checkins",
    roles="operator",
    scope=WRITE,
    audit=itself("checkin.planned"),
    request=CheckinPlan,
    returns=CheckinMade,
    summary="Agree with a person when she will say that she is safe.",
)
def plan_checkin(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store it with its timer, and return the secret of her link once. Raises NotFound, InvalidInput, NotAllowedNow."""
    person = known_person(ctx, ref)
    open_ones = [each for record in person.records for each in ctx.checkins.of(record.id) if not each.is_over]
    if len(open_ones) >= _MOST_OF_ONE:
        raise NotAllowedNow("This person has too many check-ins. End one first.", slug="too-many-checkins")
    link, checkin_id = secrets.token_urlsafe(16), spelt("CHK-", secrets.randbits(_ID_BITS))
    plan = _read(ctx, body)
    words = {name: ctx.checkins.hash_of(WORD, f"{checkin_id} {plain(body[name])}") for name in ("safe_word", "help_word")}
    checkin = Checkin(
        id=checkin_id, defender_ref=person.ref, created_at=ctx.now, link_hash=ctx.checkins.hash_of(LINK, link),
        safe_hash=words["safe_word"], help_hash=words["help_word"], **plan,
    )  # fmt: skip
    ctx.checkins.save(checkin)
    keep_for(ctx, person, CHECKINS)
    ctx.audit("checkin.planned", subject=checkin.id, detail={"person": person.ref, "kind": checkin.kind})
    return checkin_answer(checkin) | {"link": link}


@http.get("/v1/checkins", roles="operator", scope=READ, audit=nothing("it shows times and codes"), returns=CheckinsShown)
def list_checkins(ctx: Context) -> dict[str, Any]:
    """List the check-ins that are not over, by when they are due."""
    return checkins_answer(ctx.checkins.open(_MOST_OPEN))


@http.get(
    "/v1/checkins/<checkin_id>", roles="operator", scope=READ, audit=nothing("it shows times and codes"), returns=CheckinShown
)
def show_checkin(ctx: Context, checkin_id: str) -> dict[str, Any]:
    """Show one check-in. Raises NotFound."""
    return checkin_answer(checkin_of(ctx, checkin_id))


@http.get(
    "/v1/defenders/<ref>/checkins",
    roles="operator",
    scope=READ,
    audit=nothing("it shows times and codes"),
    returns=CheckinsShown,
)  # fmt: skip
def list_checkins_of(ctx: Context, ref: str) -> dict[str, Any]:
    """List a person's check-ins, the newest first. Raises NotFound."""
    person = known_person(ctx, ref)
    found = [each for record in person.records for each in ctx.checkins.of(record.id)]
    return checkins_answer(sorted(found, key=lambda each: each.created_at, reverse=True))


@http.get(
    "/v1/checkins/<checkin_id>/contacts",
    roles="operator",
    scope=SEES_IDENTITY,
    audit=itself("checkin.contacts_read"),
    returns=TrustedShown,
    summary="Show whom to ask about the person of a check-in; ?reason= is required.",
)
def read_trusted_contacts(ctx: Context, checkin_id: str, *, reason: str) -> dict[str, Any]:
    """Show them, and put on record that they were shown. Raises NotFound, InvalidInput."""
    reader = reader_of(ctx, reason)
    checkin = checkin_of(ctx, checkin_id)
    audit_reading(ctx, "checkin.contacts_read", checkin.id, reader)
    details = checkin.details if reader.sees_identity else None
    contacts = [to_record(each) for each in details.contacts] if details else []
    return {"checkin_id": checkin.id, "contacts": contacts, "note": details.note if details else ""}


@http.delete(
    "/v1/checkins/<checkin_id>", roles="operator", scope=WRITE, audit=itself("checkin.ended"), returns=CheckinShown,
)  # fmt: skip
def end_checkin(ctx: Context, checkin_id: str) -> dict[str, Any]:
    """End a check-in: nothing is expected any more. Her words still ask for help. Raises NotFound, NotAllowedNow."""
    checkin = checkin_of(ctx, checkin_id)
    if checkin.is_over:
        raise NotAllowedNow("This check-in is over.", slug="checkin-over")
    checkin.end(ctx.now)
    ctx.checkins.save(checkin)
    ctx.audit("checkin.ended", subject=checkin.id)
    return checkin_answer(checkin)


@forgets
def forget_checkins(ctx: Context, ref: str) -> dict[str, int]:
    """Remove a record's check-ins."""
    found = ctx.checkins.of(ref)
    for each in found:
        ctx.checkins.remove(each)
    return {CHECKINS: len(found)}


def checkin_of(ctx: Context, checkin_id: str) -> Checkin:
    """Return one. Raises NotFound."""
    return or_not_found(ctx.checkins.get(checkin_id), "There is no such check-in.")


def _read(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Return the plan's fields. Raises InvalidInput naming every field that cannot be."""
    rules: CheckinRules = ctx.policy.checkins
    kind, zone = rules.kinds.get(body["kind"]), body["zone"] or ctx.policy.zone
    due, why_not = moment_of(body["due"], zone)
    grace = body["grace_minutes"] if body["grace_minutes"] is not None else kind.grace if kind else 0
    verify = body["verify_minutes"] if body["verify_minutes"] is not None else kind.verify if kind else 0
    verify = verify if body["details"].contacts else 0
    problems = [
        *([] if kind else [FieldError("/kind", "unknown_code", f"Must be one of: {', '.join(rules.kinds)}.")]),
        *([FieldError("/due", why_not, _WHY_NOT[why_not])] if why_not else []),
        *([FieldError("/due", "range", "Must lie in the future.")] if due and due <= ctx.now else []),
        *([FieldError("/until", "range", "Must not lie before `due`.")] if due and body["until"] and body["until"] < due else []),
        *_too_long(grace + verify, daily=body["daily"]),
        *_words(body, rules),
    ]
    if problems or due is None or kind is None:
        raise InvalidInput("Some fields are invalid; `errors` names them.", problems)
    needs, share = body["needs"], body["share"]
    return {
        "kind": body["kind"], "zone": zone, "due_at": due, "daily": body["daily"], "until": body["until"], "grace_minutes": grace,
        "verify_minutes": verify, "county": body["county"], "languages": tuple(body["languages"]), "details": body["details"],
        "needs": kind.needs if needs is None else tuple(needs), "shared": None if share is None else tuple(sorted(set(share))),
    }  # fmt: skip


_WHY_NOT = {
    "skipped": "The clocks of this zone skip this time. Choose another one.",
    "twice": "The clocks of this zone show this time twice. Choose another one.",
}


def _too_long(minutes: int, *, daily: bool) -> list[FieldError]:
    if not daily or minutes < _DAY_MINUTES:
        return []
    return [
        FieldError(
            "/grace_minutes", "range", "With `verify_minutes` it must be less than a day, because the next answer is due then."
        )
    ]


def _words(body: dict[str, Any], rules: CheckinRules) -> list[FieldError]:
    short = f"Must have {rules.shortest_word} letters or more."
    found = [
        FieldError(f"/{name}", "length", short)
        for name in ("safe_word", "help_word")
        if len(plain(body[name]).replace(" ", "")) < rules.shortest_word
    ]
    if differ_in(body["safe_word"], body["help_word"]) < rules.least_different:
        detail = f"Must differ from `safe_word` in {rules.least_different} letters or more."
        found.append(FieldError("/help_word", "too_similar", detail))
    return found
