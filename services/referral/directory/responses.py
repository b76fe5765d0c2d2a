"""Requests and responses of the directory."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.filling import fill
from ngao.chassis.messaging.backlog import Unreached
from ngao.chassis.security import seals, signing
from ngao.chassis.security.vouches import LONGEST
from ngao.contracts import FieldError
from ngao.contracts.classes import INTERNAL, PUBLIC, SENSITIVE, Pattern, Strict
from ngao.kernel.ids import ID
from services.referral.directory.model import Hours, Partner
from services.referral.matching.model import Load

AN_ORGANISATION = "A partner is an organisation; how many cases it holds names none."
PARTNER_ID = re.compile(ID)
_SLUG = Pattern(r"^[a-z][a-z0-9_]{1,63}$", error="format|Must be a code: lower-case letters, digits, underscore.")
_CLOCK = Pattern(r"^([01]\d|2[0-3]):[0-5]\d$", error="format|Must be HH:MM.")
_CLOSING = Pattern(r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", error="format|Must be HH:MM, up to 24:00.")
_COUNTY = Pattern(r"^(\*|[A-Z]{2}-[A-Z0-9]{1,3})$", error="format|Must be an ISO 3166-2 code, or * for everywhere.")
_LANGUAGE = Pattern(r"^[a-z]{2,3}$", error="format|Must be an ISO 639 code.")
_DAY = validate.OneOf(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), error="unknown_code|Must be a day such as mon.")


def _public_key(key_id: Callable[[str], str]) -> Callable[[str], None]:
    """Return the check of a public key of the kind that `key_id` names."""

    def check(value: str) -> None:
        try:
            key_id(value)
        except InvalidInput:
            raise ValidationError("format|Must be a public key: 32 bytes in base64.") from None

    return check


def _zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("unknown_code|Must be a time zone by its IANA name, a region and a city.")


class HoursRequest(Strict):
    """Hours in which a person answers; no days means every day. Hours that end no later than they begin end on the next day."""

    opens = fields.String(required=True, validate=_CLOCK, metadata=INTERNAL)
    closes = fields.String(required=True, validate=_CLOSING, metadata=INTERNAL)
    days = fields.List(fields.String(validate=_DAY), load_default=list, metadata=INTERNAL)


class PartnerRequest(Strict):
    """A partner as an operator enters it; `counties` is ISO 3166-2 codes or `*`; `new_key` asks for another bearer key."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200), metadata=INTERNAL)
    support_types = fields.List(
        fields.String(validate=_SLUG), required=True, validate=validate.Length(min=1, max=40), metadata=INTERNAL
    )
    counties = fields.List(
        fields.String(validate=_COUNTY), required=True, validate=validate.Length(min=1, max=300), metadata=INTERNAL
    )
    languages = fields.List(
        fields.String(validate=_LANGUAGE), load_default=list, validate=validate.Length(max=40), metadata=INTERNAL
    )
    capacity = fields.Integer(required=True, validate=validate.Range(min=0, max=100_000), metadata=INTERNAL)
    public_key = fields.String(load_default="", validate=_public_key(seals.key_id), metadata=PUBLIC)
    signing_key = fields.String(load_default="", validate=_public_key(signing.key_id), metadata=PUBLIC)
    vouch = fields.String(load_default="", validate=validate.Length(max=LONGEST), metadata=PUBLIC)
    vetted = fields.Boolean(load_default=False, metadata=INTERNAL)
    suspended = fields.Boolean(load_default=False, metadata=INTERNAL)
    hours = fields.List(fields.Nested(HoursRequest), load_default=list, validate=validate.Length(max=21), metadata=INTERNAL)
    timezone = fields.String(load_default="", validate=_zone, metadata=INTERNAL)
    new_key = fields.Boolean(load_default=False, metadata=INTERNAL)


class PartnerView(Schema):
    """A partner of the directory; `key` is a new bearer key, shown once; `undelivered` events wait for its broker queue."""

    id = fields.String(metadata=INTERNAL)
    name = fields.String(metadata=INTERNAL)
    support_types = fields.List(fields.String(), metadata=INTERNAL)
    counties = fields.List(fields.String(), metadata=INTERNAL)
    languages = fields.List(fields.String(), metadata=INTERNAL)
    capacity = fields.Integer(metadata=INTERNAL)
    held = fields.Integer(metadata=INTERNAL)
    asked = fields.Integer(metadata=INTERNAL)
    public_key = fields.String(metadata=PUBLIC)
    signing_key = fields.String(metadata=PUBLIC)
    vouch = fields.String(metadata=PUBLIC)
    undelivered = fields.Integer(metadata=INTERNAL)
    vetted = fields.Boolean(metadata=INTERNAL)
    suspended = fields.Boolean(metadata=INTERNAL)
    revoked = fields.Boolean(metadata=INTERNAL)
    hours = fields.List(fields.Nested(HoursRequest), metadata=INTERNAL)
    timezone = fields.String(metadata=INTERNAL)
    key = fields.String(allow_none=True, metadata=SENSITIVE)


class PartnersView(Schema):
    """The directory."""

    partners = fields.List(fields.Nested(PartnerView), metadata=INTERNAL)


def partner_from(partner_id: str, data: dict[str, Any]) -> Partner:
    """Return a partner of a loaded PartnerRequest; its request for a new key is not part of it."""
    data = {name: value for name, value in data.items() if name != "new_key"}
    lists = {name: tuple(data[name]) for name in ("support_types", "counties", "languages")}
    return Partner(id=partner_id, **{**data, **lists, "hours": tuple(_hours(hours) for hours in data["hours"])})


def _hours(data: dict[str, Any]) -> Hours:
    opens, closes = (time.fromisoformat(data[name].replace("24:00", "00:00")) for name in ("opens", "closes"))
    return Hours(opens, closes, tuple(data["days"]))


def partner_view(partner: Partner, load: Load | None = None, missed: Unreached | None = None) -> dict[str, Any]:
    """Return a partner without its keys' hashes, with its load where it is known, and with what its queue does not accept."""
    hours = [fill(HoursRequest, shift, closes=_end_of(shift)) for shift in partner.hours]
    view = fill(PartnerView, partner, hours=hours)
    view |= {"held": load.accepted, "asked": load.asked} if load else {}
    return view | ({"undelivered": missed.waiting} if missed else {})


def _end_of(hours: Hours) -> str:
    return hours.closes.isoformat("minutes") if hours.closes != time.min else "24:00"


def checked_id(given: str) -> str:
    """Return the partner id of a path. Raises InvalidInput."""
    if not PARTNER_ID.fullmatch(given) or given == "me":
        detail = "Must have 2 to 41 characters: lower-case letters, digits and hyphens, a letter first; not `me`."
        raise InvalidInput("The partner id is invalid.", [FieldError("/partner_id", "format", detail)])
    return given
