"""Record what a person is to a session: invited, attended, absent, declined; show it on her record, and remove it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError
from services.registry.context import Context
from services.registry.networks.manage import today_of
from services.registry.people.finding import known_person
from services.registry.people.keeping import forgets, keep_for, release
from services.registry.people.model import Person
from services.registry.people.read import check_reason
from services.registry.trainings.model import KEPT_FOR, ONLY_AFTERWARDS, Entry, State, TrainingRecord
from services.registry.trainings.responses import EntriesShown, EntryKept, EntryToKeep
from services.registry.trainings.sessions import READS, WRITES, session_shown


@http.get(
    "/v1/defenders/<ref>/trainings",
    roles="operator",
    scope=READS,
    audit=itself("trainings.read"),
    returns=EntriesShown,
    summary="Read the trainings of a person; ?reason= is required.",
)
def read_trainings(ctx: Context, ref: str, *, reason: str) -> dict[str, Any]:
    """Show them. Raises NotFound, InvalidInput for an unknown reason."""
    check_reason(reason, ctx.policy.read_reasons)
    person = known_person(ctx, ref)
    ctx.audit("trainings.read", subject=person.ref, detail={"reason": reason})
    entries = [each for record in _records(ctx, person) for each in record.entries]
    return {"defender_ref": person.ref, "trainings": [_shown(ctx, each) for each in entries]}


@http.put(
    "/v1/defenders/<ref>/trainings",
    roles="operator",
    scope=WRITES,
    audit=itself("training.entry_kept"),
    request=EntryToKeep,
    returns=EntryKept,
    summary="Record what a person is to a session, and whether she agrees to be counted.",
)
def keep_entry(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store it in place of what was recorded of this session, which no address names beside a person.

    Raises NotFound, NotAllowedNow without a free place, and InvalidInput for an unknown session or one that was not yet.
    """
    person, session, state = known_person(ctx, ref), ctx.sessions.get(body["session_id"]), State(body["state"])
    if session is None:
        unknown = FieldError("/session_id", "unknown_session", "There is no such session.")
        raise InvalidInput("The session is unknown.", [unknown])
    today = today_of(ctx)
    if state in ONLY_AFTERWARDS and session.day.date() > today:
        raise InvalidInput("The session was not yet.", [FieldError("/state", "in_the_future", "Must be invited or declined.")])
    record, known = _with_entry(ctx, person, session.id)
    entry = Entry(session.id, state, known.since if known else today, body["counted"])
    change = int(entry.takes_place) - int(bool(known and known.takes_place))
    if change > 0 and session.is_full:
        raise NotAllowedNow("No place is left in this session.", slug="session-full")
    session.taken += change
    ctx.sessions.save(session)
    record.put(entry)
    ctx.trainings.save(record)
    keep_for(ctx, person, KEPT_FOR)
    ctx.audit("training.entry_kept", subject=person.ref, detail={"session": session.id, "counted": str(entry.counted).lower()})
    return {"defender_ref": person.ref, "session_id": session.id}


@http.delete(
    "/v1/defenders/<ref>/trainings/<session_id>",
    roles="operator",
    scope=WRITES,
    audit=itself("training.entry_removed"),
    returns=EntryKept,
    summary="Remove a person's entry of a session.",
)
def remove_entry(ctx: Context, ref: str, session_id: str) -> dict[str, Any]:
    """Remove it, and free the place. Raises NotFound."""
    person = known_person(ctx, ref)
    record, known = _with_entry(ctx, person, session_id)
    if known is None:
        raise NotFound("The defender has no entry of this session.")
    _free(ctx, known)
    record.remove(session_id)
    if record.entries:
        ctx.trainings.save(record)
    else:
        ctx.trainings.remove(record)
    if not any(each.entries for each in _records(ctx, person) if each.id != record.id) and not record.entries:
        release(ctx, person, KEPT_FOR)
    ctx.audit("training.entry_removed", subject=person.ref, detail={"session": session_id})
    return {"defender_ref": person.ref, "session_id": session_id}


@forgets
def forget_trainings(ctx: Context, ref: str) -> Mapping[str, int]:
    """Remove the entries of the person of this record, and free the places."""
    record = ctx.trainings.get(ref)
    if record is None:
        return {}
    for entry in record.entries:
        _free(ctx, entry)
    ctx.trainings.remove(record)
    return {"trainings": 1}


def _free(ctx: Context, entry: Entry) -> None:
    """Free the place that an entry takes."""
    session = ctx.sessions.get(entry.session)
    if session is not None and entry.takes_place and session.taken:
        session.taken -= 1
        ctx.sessions.save(session)


def _records(ctx: Context, person: Person) -> list[TrainingRecord]:
    return ctx.trainings.of(record.id for record in person.records)


def _with_entry(ctx: Context, person: Person, session_id: str) -> tuple[TrainingRecord, Entry | None]:
    for record in _records(ctx, person):
        for entry in record.entries:
            if entry.session == session_id:
                return record, entry
    return ctx.trainings.get(person.root.id) or TrainingRecord(person.root.id), None


def _shown(ctx: Context, entry: Entry) -> dict[str, Any]:
    session = ctx.sessions.get(entry.session)
    return {
        "session": session_shown(ctx, session) if session else None,
        "session_id": entry.session,
        "state": str(entry.state),
        "since": entry.since,
        "counted": entry.counted,
    }
