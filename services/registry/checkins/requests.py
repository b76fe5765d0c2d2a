"""Requests and answers of the check-ins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, post_load, validate

from ngao.chassis.http.filling import fill
from ngao.contracts.classes import INTERNAL, SENSITIVE, Moment, Pattern, Strict, Tolerant
from ngao.contracts.codes import SCOPES
from services.registry.checkins.model import Checkin, Contact, Details

_CODE = Pattern(r"^[a-z][a-z0-9_]{1,63}$", error="format|Must be a code: lower-case letters, digits, underscore.")
_ZONES = frozenset(available_timezones())
_WORD = validate.Length(min=1, max=40)
_MINUTES = validate.Range(min=0, max=1440)


def _is_zone(name: str) -> None:
    if name not in _ZONES:
        raise ValidationError("unknown_code|Must be the name of a time zone (IANA).")


class LocalTime(fields.String):
    """A time of the clock without a zone: 2026-12-24T18:00."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            found = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the plan's zone is beside it
        except ValueError:
            raise ValidationError("format|Must be a date and a time of the clock: 2026-12-24T18:00.") from None
        return found


class ContactToAsk(Strict):
    """A person who may be asked about her."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=100), metadata=SENSITIVE)
    phone = fields.String(required=True, validate=validate.Length(min=3, max=40), metadata=SENSITIVE)
    relation = fields.String(load_default="", validate=validate.Length(max=60), metadata=SENSITIVE)


class CheckinPlan(Strict):
    """What was agreed with the person. Times that are left out are those of the kind (checkins.yaml).

    `due` is a time of the clock in `zone`. `share` is what a partner may know if it is missed; left out, a human decides.
    `contacts` are asked first, in her order, if there are any. `safe_word` says that all is well. `help_word` looks like it and
    asks for help in secret.
    """

    kind = fields.String(required=True, validate=_CODE, metadata=INTERNAL)
    due = LocalTime(required=True, metadata=INTERNAL)
    zone = fields.String(load_default=None, validate=_is_zone, metadata=INTERNAL)
    daily = fields.Boolean(load_default=False, metadata=INTERNAL)
    until = Moment(load_default=None, metadata=INTERNAL)
    grace_minutes = fields.Integer(load_default=None, validate=_MINUTES, metadata=INTERNAL)
    verify_minutes = fields.Integer(load_default=None, validate=_MINUTES, metadata=INTERNAL)
    county = fields.String(load_default=None, validate=validate.Length(max=20), metadata=INTERNAL)
    languages = fields.List(fields.String(validate=validate.Length(max=20)), load_default=list, metadata=INTERNAL)
    needs = fields.List(fields.String(validate=_CODE), load_default=None, validate=validate.Length(max=10), metadata=INTERNAL)
    share = fields.List(fields.String(validate=validate.OneOf(SCOPES)), load_default=None, metadata=INTERNAL)
    safe_word = fields.String(required=True, validate=_WORD, metadata=SENSITIVE)
    help_word = fields.String(required=True, validate=_WORD, metadata=SENSITIVE)
    contacts = fields.List(fields.Nested(ContactToAsk), load_default=list, validate=validate.Length(max=5), metadata=SENSITIVE)
    note = fields.String(load_default="", validate=validate.Length(max=1000), metadata=SENSITIVE)

    @post_load
    def gather(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """Put together what is sealed."""
        contacts = tuple(Contact(**each) for each in data.pop("contacts"))
        return data | {"details": Details(contacts, data.pop("note"))}


class AnswerGiven(Strict):
    """An answer: the link that she has, and her word."""

    link = fields.String(required=True, validate=validate.Length(min=10, max=80), metadata=SENSITIVE)
    word = fields.String(required=True, validate=validate.Length(min=1, max=80), metadata=SENSITIVE)


class WordGiven(Strict):
    """Her word, as she said it to an operator or sent it by message."""

    word = fields.String(required=True, validate=validate.Length(min=1, max=80), metadata=SENSITIVE)


class CheckinVerified(Strict):
    """What the people whom she trusts say: she is safe, or they do not know."""

    is_safe = fields.Boolean(required=True, metadata=INTERNAL)


class Received(Tolerant):
    """The answer came. It says the same whatever the word was."""

    received = fields.Boolean(metadata=INTERNAL)


class CheckinShown(Tolerant):
    """One plan, without what is sealed. `contacts` says how many people may be asked."""

    checkin_id = fields.String(metadata=INTERNAL)
    defender_ref = fields.String(metadata=INTERNAL)
    kind = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    due_at = fields.AwareDateTime(metadata=INTERNAL)
    zone = fields.String(metadata=INTERNAL)
    daily = fields.Boolean(metadata=INTERNAL)
    until = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    grace_minutes = fields.Integer(metadata=INTERNAL)
    verify_minutes = fields.Integer(metadata=INTERNAL)
    occasion = fields.Integer(metadata=INTERNAL)
    next_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    answered_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    contacts = fields.Integer(metadata=INTERNAL)


class CheckinMade(CheckinShown):
    """A new plan with the secret of its link, which is shown this once."""

    link = fields.String(metadata=SENSITIVE)


class CheckinsShown(Tolerant):
    """Several plans."""

    checkins = fields.List(fields.Nested(CheckinShown), metadata=INTERNAL)


class TrustedShown(Tolerant):
    """Whom to ask, in her order, and what she wants known."""

    checkin_id = fields.String(metadata=INTERNAL)
    contacts = fields.List(fields.Nested(ContactToAsk), metadata=SENSITIVE)
    note = fields.String(metadata=SENSITIVE)


def checkin_answer(checkin: Checkin) -> dict[str, Any]:
    """Return a plan as `CheckinShown`."""
    return fill(CheckinShown, checkin, checkin_id=checkin.id, contacts=len(checkin.details.contacts))


def checkins_answer(found: Iterable[Checkin]) -> dict[str, Any]:
    """Return several as `CheckinsShown`."""
    return {"checkins": [checkin_answer(each) for each in found]}
