"""What operators and partners send and get over HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security import signing
from ngao.chassis.security.seals import key_id
from ngao.chassis.security.vouches import LONGEST
from ngao.contracts import FieldError
from ngao.contracts.classes import INTERNAL, PUBLIC, SENSITIVE, Pattern, Strict
from ngao.contracts.codes import DECLINE_REASONS, FAIL_REASONS, OUTCOMES
from services.referral.directory.model import Hours, Partner

AN_ORGANISATION = "A partner is an organisation; how many cases it holds names none."
PARTNER_ID = re.compile(r"[a-z][a-z0-9-]{1,40}")
_SLUG = Pattern(r"^[a-z][a-z0-9_]{1,63}$", error="format|Must be a code: lower-case letters, digits, underscore.")
_CLOCK = Pattern(r"^([01]\d|2[0-3]):[0-5]\d$", error="format|Must be HH:MM.")
_CLOSING = Pattern(r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", error="format|Must be HH:MM, up to 24:00.")
_COUNTY = Pattern(r"^(\*|[A-Z]{2}-[A-Z0-9]{1,3})$", error="format|Must be an ISO 3166-2 code, or * for everywhere.")
_LANGUAGE = Pattern(r"^[a-z]{2,3}$", error="format|Must be an ISO 639 code.")
_DAY = validate.OneOf(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), error="unknown_code|Must be a day such as mon.")


def _one_of(choices: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(choices, error=f"unknown_code|Must be one of: {', '.join(choices)}.")


def _sealing_key(value: str) -> None:
    try:
        key_id(value)
    except InvalidInput:
        raise ValidationError("format|Must be a public key: 32 bytes in base64.") from None


def _signing_key(value: str) -> None:
    try:
        signing.key_id(value)
    except InvalidInput:
        raise ValidationError("format|Must be a public key: 32 bytes in base64.") from None


def _zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("unknown_code|Must be a time zone by its IANA name, a region and a city.")


class HoursRequest(Strict):
    """When somebody is there; no days means every day. Hours that end no later than they begin end on the next day."""

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
        fields.String(validate=_LANGUAGE), load_default=list, validate=validate.Length(max=40), metadata=INTERNAL)  # fmt: skip
    capacity = fields.Integer(required=True, validate=validate.Range(min=0, max=100_000), metadata=INTERNAL)
    public_key = fields.String(load_default="", validate=_sealing_key, metadata=PUBLIC)
    signing_key = fields.String(load_default="", validate=_signing_key, metadata=PUBLIC)
    vouch = fields.String(load_default="", validate=validate.Length(max=LONGEST), metadata=PUBLIC)
    vetted = fields.Boolean(load_default=False, metadata=INTERNAL)
    suspended = fields.Boolean(load_default=False, metadata=INTERNAL)
    hours = fields.List(fields.Nested(HoursRequest), load_default=list, validate=validate.Length(max=21), metadata=INTERNAL)
    timezone = fields.String(load_default="", validate=_zone, metadata=INTERNAL)
    new_key = fields.Boolean(load_default=False, metadata=INTERNAL)


class DeclineRequest(Strict):
    """A refusal with its reason."""

    reason = fields.String(required=True, validate=_one_of(DECLINE_REASONS), metadata=INTERNAL)


class FailRequest(Strict):
    """Work that could not be done, with its reason."""

    reason = fields.String(required=True, validate=_one_of(FAIL_REASONS), metadata=INTERNAL)


class CompleteRequest(Strict):
    """Work done, with its outcome."""

    outcome = fields.String(load_default="helped", validate=_one_of(OUTCOMES), metadata=INTERNAL)


class AcceptRequest(Strict):
    """A yes, with the partner's signature over it; a partner that has a signing key must sign. The body may be left out."""

    signature = fields.String(load_default="", validate=validate.Length(max=128), metadata=PUBLIC)
    signature_key_id = fields.String(load_default="", validate=validate.Length(max=64), metadata=PUBLIC)


class NothingRequest(Strict):
    """An empty object, or no body at all."""


class SettleRequest(Strict):
    """A human's word that a need is met or gone, as a code."""

    reason = fields.String(required=True, validate=_SLUG, metadata=INTERNAL)


class ReasonView(Schema):
    """The name of a rule and what it says."""

    rule = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)


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


class OfferView(Schema):
    """Where an offer stands; `due` ends the present wait. `contact`, `narrative`: disclosed, withheld, empty if undecided."""

    offer_id = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    partner_case_ref = fields.String(metadata=INTERNAL)
    partner_id = fields.String(metadata=INTERNAL)
    need = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    attempt = fields.Integer(metadata=INTERNAL)
    received = fields.Boolean(metadata=INTERNAL)
    detail = fields.String(metadata=INTERNAL)
    contact = fields.String(metadata=INTERNAL)
    narrative = fields.String(metadata=INTERNAL)
    made_at = fields.AwareDateTime(metadata=INTERNAL)
    due = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonView), metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)


class OffersView(Schema):
    """Offers of one partner that are open or taken, the oldest first."""

    offers = fields.List(fields.Nested(OfferView), metadata=INTERNAL)


class NeedView(Schema):
    """Where a need stands; `proposed` while no person has asked for it."""

    need = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    match_again = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    proposed = fields.Boolean(metadata=INTERNAL)


class CaseView(Schema):
    """A case in short."""

    case_ref = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    closed_reason = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    next_deadline = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    needs = fields.List(fields.Nested(NeedView), metadata=INTERNAL)


class CasesView(Schema):
    """Cases, the newest first."""

    cases = fields.List(fields.Nested(CaseView), metadata=INTERNAL)


class HopView(Schema):
    """One step of a case's story."""

    at = fields.AwareDateTime(metadata=INTERNAL)
    what = fields.String(metadata=INTERNAL)
    actor = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)
    need = fields.String(metadata=INTERNAL)
    offer_id = fields.String(metadata=INTERNAL)
    partner_id = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonView), metadata=INTERNAL)


class StoryView(CaseView):
    """A case with its offers and its story so far."""

    offers = fields.List(fields.Nested(OfferView), metadata=INTERNAL)
    story = fields.List(fields.Nested(HopView), metadata=INTERNAL)


class CandidateView(Schema):
    """A partner that fits, and what its points are for."""

    partner_id = fields.String(metadata=INTERNAL)
    score = fields.Integer(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonView), metadata=INTERNAL)


class ExclusionView(Schema):
    """A partner that was looked at and left out."""

    partner_id = fields.String(metadata=INTERNAL)
    reason = fields.Nested(ReasonView, metadata=INTERNAL)


class MatchView(Schema):
    """Whom a need would be offered to; `excluded` lists the first hundred of those left out."""

    need = fields.String(metadata=INTERNAL)
    candidates = fields.List(fields.Nested(CandidateView), metadata=INTERNAL)
    excluded = fields.List(fields.Nested(ExclusionView), metadata=INTERNAL)
    excluded_count = fields.Integer(metadata=INTERNAL)
    directory_size = fields.Integer(metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    asked_about = fields.Nested(ReasonView, allow_none=True, metadata=INTERNAL)


class MatchesView(Schema):
    """The dry run of every need that is not settled."""

    case_ref = fields.String(metadata=INTERNAL)
    matches = fields.List(fields.Nested(MatchView), metadata=INTERNAL)


class EventsView(Schema):
    """Events a partner was told, as CloudEvents, and the cursor to ask from next."""

    events = fields.List(fields.Dict(), metadata=INTERNAL)
    next_after = fields.Integer(metadata=INTERNAL)


def partner_from(partner_id: str, data: dict[str, Any]) -> Partner:
    """A partner from a loaded PartnerRequest; its wish for a new key is not part of it."""
    data = {name: value for name, value in data.items() if name != "new_key"}
    lists = {name: tuple(data[name]) for name in ("support_types", "counties", "languages")}
    return Partner(id=partner_id, **{**data, **lists, "hours": tuple(_hours(each) for each in data["hours"])})


def _hours(data: dict[str, Any]) -> Hours:
    opens, closes = (time.fromisoformat(data[name].replace("24:00", "00:00")) for name in ("opens", "closes"))
    return Hours(opens, closes, tuple(data["days"]))


def whole_number(query: Mapping[str, str], name: str, default: int, highest: int) -> int:
    """A count from a query string; raises InvalidInput."""
    given = query.get(name, str(default))
    if not (given.isascii() and given.isdigit() and len(given) < 16 and int(given) <= highest):
        detail = f"Must be a whole number from 0 to {highest}."
        raise InvalidInput("The query has an error; `errors` names it.", [FieldError(f"/{name}", "range", detail)])
    return int(given)
