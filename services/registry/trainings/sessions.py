"""Add a session of a programme, list sessions, and show who is in one."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.chassis.handlers import http, itself, nothing
from ngao.contracts import FieldError
from services.registry.context import Context
from services.registry.people.finding import person_of
from services.registry.people.read import check_reason
from services.registry.trainings.model import COUNTED, Session, State
from services.registry.trainings.responses import PeopleOfSession, SessionShown, SessionToAdd, TrainingsShown

READS, WRITES = "trainings:read", "trainings:write"
_MOST_SESSIONS = 200
MOST_PEOPLE = 1000


@http.get(
    "/v1/trainings",
    roles="operator",
    scope=READS,
    audit=nothing("Sessions and numbers, no record of a person."),
    returns=TrainingsShown,
    summary="List programmes and the latest sessions with places.",
)
def list_trainings(ctx: Context) -> dict[str, Any]:
    """List them. Of who attended, only those are counted who agreed to it."""
    programmes = [{"code": code, "label": dict(each.label), "need": each.need} for code, each in ctx.policy.programmes.items()]
    return {"programmes": programmes, "sessions": [session_shown(ctx, each) for each in ctx.sessions.latest(_MOST_SESSIONS)]}


@http.post(
    "/v1/trainings",
    roles="operator",
    scope=WRITES,
    audit=itself("training.added"),
    request=SessionToAdd,
    returns=SessionShown,
    summary="Add a session of a programme.",
)
def add_training(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Add it. Raises InvalidInput for an unknown programme or county."""
    for field, known in (("programme", ctx.policy.programmes), ("county", ctx.policy.counties)):
        if body[field] not in known:
            detail = f"There is no such {field}. Must be one of: {', '.join(sorted(known))}."
            raise InvalidInput("The session is not valid.", [FieldError(f"/{field}", f"unknown_{field}", detail)])
    day = datetime.combine(body["day"], time(), UTC)
    session = Session(uuid4().hex, body["programme"], day, body["county"], body["places"])
    ctx.sessions.save(session)
    ctx.audit("training.added", subject=session.id, detail={"programme": session.programme, "places": str(session.places)})
    return session_shown(ctx, session)


@http.get(
    "/v1/trainings/<session_id>/people",
    roles="operator",
    scope=READS,
    audit=itself("training.people_read"),
    returns=PeopleOfSession,
    summary="List who is in a session; ?reason= is required.",
)
def list_people(ctx: Context, session_id: str, *, reason: str) -> dict[str, Any]:
    """List them as references. Raises NotFound, InvalidInput for an unknown reason."""
    check_reason(reason, ctx.policy.read_reasons)
    session = known_session(ctx, session_id)
    refs = [ref for state in State for ref in ctx.trainings.at(session.id, state, MOST_PEOPLE)]
    shown: dict[str, dict[str, Any]] = {}
    for ref in refs:
        person, record = person_of(ctx, ref), ctx.trainings.get(ref)
        for entry in record.entries if person and record else ():
            if person and entry.session == session.id:
                shown[person.ref] = {"defender_ref": person.ref, "state": str(entry.state), "counted": entry.counted}
    ctx.audit("training.people_read", subject=session.id, detail={"reason": reason, "shown": str(len(shown))})
    return {"session": session_shown(ctx, session), "people": list(shown.values())}


def known_session(ctx: Context, session_id: str) -> Session:
    """Return a session. Raises NotFound."""
    session = ctx.sessions.get(session_id)
    if session is None:
        raise NotFound("There is no such session.")
    return session


def session_shown(ctx: Context, session: Session) -> dict[str, Any]:
    """Return a session as it is answered."""
    return {
        "session_id": session.id,
        "programme": session.programme,
        "day": session.day.date(),
        "county": session.county,
        "places": session.places,
        "taken": session.taken,
        "counted": ctx.trainings.count(session.id, COUNTED),
    }
