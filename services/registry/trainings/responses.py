"""Requests and responses about trainings. That a person attended one is sensitive; that there are sessions is not."""

from __future__ import annotations

from marshmallow import fields, validate

from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict, Tolerant
from services.registry.trainings.model import State

_STATES = tuple(State)


class SessionToAdd(Strict):
    """A session of a programme: no place more exact than the county, and no name."""

    programme = fields.String(required=True, validate=validate.Length(max=64), metadata=INTERNAL)
    day = fields.Date(required=True, metadata=INTERNAL)
    county = fields.String(required=True, validate=validate.Length(max=8), metadata=INTERNAL)
    places = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=500), metadata=INTERNAL)


class EntryToKeep(Strict):
    """What a person is to a session, and whether she agrees to be counted among who attended. Silence is no."""

    session_id = fields.String(required=True, validate=validate.Length(min=1, max=64), metadata=SENSITIVE)
    state = fields.String(
        required=True,
        validate=validate.OneOf(_STATES, error=f"unknown_code|Must be one of: {', '.join(_STATES)}."),
        metadata=INTERNAL,
    )
    counted = fields.Boolean(load_default=False, metadata=INTERNAL)


class ProgrammeShown(Tolerant):
    """A programme; `need` is the kind of support that a request for it is."""

    code = fields.String(metadata=INTERNAL)
    label = fields.Dict(keys=fields.String(), values=fields.String(), metadata=INTERNAL)
    need = fields.String(metadata=INTERNAL)


class SessionShown(Tolerant):
    """A session; `counted` is how many attended and agreed to be counted."""

    session_id = fields.String(metadata=INTERNAL)
    programme = fields.String(metadata=INTERNAL)
    day = fields.Date(metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)
    places = fields.Integer(metadata=INTERNAL)
    taken = fields.Integer(metadata=INTERNAL)
    counted = fields.Integer(metadata=INTERNAL)


class TrainingsShown(Tolerant):
    """The programmes, and the latest sessions."""

    programmes = fields.List(fields.Nested(ProgrammeShown), metadata=INTERNAL)
    sessions = fields.List(fields.Nested(SessionShown), metadata=INTERNAL)


class PersonOfSession(Tolerant):
    """One person of a session."""

    defender_ref = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=SENSITIVE)
    counted = fields.Boolean(metadata=INTERNAL)


class PeopleOfSession(Tolerant):
    """A session, and who is invited, attended, was absent or declined."""

    session = fields.Nested(SessionShown, metadata=INTERNAL)
    people = fields.List(fields.Nested(PersonOfSession), metadata=INTERNAL)


class EntryShown(Tolerant):
    """A person's entry of one session."""

    session = fields.Nested(SessionShown, allow_none=True, metadata=SENSITIVE)
    session_id = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=SENSITIVE)
    since = fields.Date(metadata=INTERNAL)
    counted = fields.Boolean(metadata=INTERNAL)


class EntriesShown(Tolerant):
    """The trainings of one person."""

    defender_ref = fields.String(metadata=INTERNAL)
    trainings = fields.List(fields.Nested(EntryShown), metadata=INTERNAL)


class EntryKept(Tolerant):
    """The person and the session of an entry that was stored or removed."""

    defender_ref = fields.String(metadata=INTERNAL)
    session_id = fields.String(metadata=INTERNAL)
