"""What officers send about a contact, with its checks."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.chassis.errors import InvalidInput
from ngao.contracts import FieldError, codes
from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict
from ngao.contracts.schemas.report import SafeHours
from ngao.kernel.phones import read_phones
from services.registry.contact import model

_ZONES = available_timezones()
_EMAIL = validate.Email(error="format|Must be one e-mail address.")
MOST_CONTACTS = 20


def _one_of(choices: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(choices, error=f"unknown_code|Must be one of: {', '.join(choices)}.")


def _known_zone(name: str) -> None:
    """Refuse what is no time zone. There are 600, so that the description of the operation does not list them."""
    if name not in _ZONES:
        raise ValidationError("unknown_zone|Must be the name of a time zone, as Area/City.")


class HoursToKeep(SafeHours):
    """Hours in which contact is safe, in the person's own time zone. Those that close before they open end a day later."""

    @validates_schema
    def some_time(self, data: dict[str, Any], **_: object) -> None:
        """Refuse hours that close when they open: it may mean never, or the whole day."""
        if data.get("opens") and data.get("opens") == data.get("closes"):
            raise ValidationError("no_time|Must differ from opens. For any time, leave hours out.", "closes")


class ContactToKeep(Strict):
    """One contact over one channel, as the person wants it used. What is left out takes its careful value."""

    channel = fields.String(required=True, validate=_one_of(codes.CHANNELS), metadata=INTERNAL)
    address = fields.String(required=True, validate=validate.Length(min=3, max=254), metadata=SENSITIVE)
    allowed = fields.Boolean(required=True, metadata=INTERNAL)
    person_calls = fields.Boolean(load_default=False, metadata=INTERNAL)
    hours = fields.List(fields.Nested(HoursToKeep), load_default=list, validate=validate.Length(max=14), metadata=SENSITIVE)
    zone = fields.String(validate=_known_zone, metadata=SENSITIVE)
    who_answers = fields.String(load_default=model.ANYONE, validate=_one_of(model.WHO_ANSWERS), metadata=SENSITIVE)
    shared_device = fields.Boolean(load_default=True, metadata=SENSITIVE)
    low_detail = fields.Boolean(load_default=True, metadata=SENSITIVE)
    voicemail = fields.String(load_default=model.NEVER, validate=_one_of(model.VOICEMAIL), metadata=SENSITIVE)
    caller_name = fields.String(load_default=model.NO_NAME, validate=_one_of(model.CALLER_NAMES), metadata=SENSITIVE)
    code_word = fields.String(validate=validate.Length(min=1, max=80), metadata=SENSITIVE)
    stop_word = fields.String(validate=validate.Length(min=1, max=80), metadata=SENSITIVE)
    instructions = fields.String(validate=validate.Length(min=1, max=1000), metadata=SENSITIVE)
    confirmed_how = fields.String(required=True, validate=_one_of(model.CONFIRMED_HOW), metadata=INTERNAL)

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **_: object) -> None:
        """Refuse a contact that may be used although the person says that they will call."""
        if data.get("allowed") and data.get("person_calls"):
            raise ValidationError("contradicts|Must be false where the person calls.", "allowed")


class Confirmation(Strict):
    """The person was asked, and all that is recorded of this contact still holds."""

    confirmed_how = fields.String(required=True, validate=_one_of(model.CONFIRMED_HOW), metadata=INTERNAL)


class StopRequest(Strict):
    """The person wants no contact any more, and why, as a code."""

    reason = fields.String(load_default=model.STOP_REASONS[0], validate=_one_of(model.STOP_REASONS), metadata=INTERNAL)


def address_of(body: dict[str, Any], region: str) -> str:
    """Return the one address of a contact as it is compared and stored. Raises InvalidInput naming the field."""
    said = str(body["address"]).strip()
    if body["channel"] == "email":
        try:
            _EMAIL(said)
        except ValidationError:
            raise _wrong("format", "Must be one e-mail address.") from None
        return said.casefold()
    phones = read_phones(said, region)
    if len(phones) > 1:
        raise _wrong("two_phones", "Must be one phone. Record each phone as a contact of its own.")
    if not phones:
        raise _wrong("not_a_phone", "Must be a phone number with its area code.")
    return phones[0].dialled


def _wrong(code: str, detail: str) -> InvalidInput:
    return InvalidInput("The contact is not valid.", [FieldError("/address", code, detail)])
