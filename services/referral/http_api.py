"""What operators and partners send and get over HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security.seals import key_id
from ngao.contracts import FieldError
from ngao.contracts.codes import DECLINE_REASONS, FAIL_REASONS, OUTCOMES
from services.referral.domain.partner import Hours, Partner

PARTNER_ID = re.compile(r"[a-z][a-z0-9-]{1,40}")
_SLUG = validate.Regexp(r"^[a-z][a-z0-9_]{1,63}$", error="format|Must be a code: lower-case letters, digits, underscore.")
_CLOCK = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$", error="format|Must be HH:MM.")
_COUNTY = validate.Regexp(r"^(\*|[A-Z]{2}-[A-Z0-9]{1,3})$", error="format|Must be an ISO 3166-2 code, or * for everywhere.")
_LANGUAGE = validate.Regexp(r"^[a-z]{2,3}$", error="format|Must be an ISO 639 code.")
_DAY = validate.OneOf(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), error="unknown_code|Must be a day such as mon.")


def _one_of(choices: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(choices, error=f"unknown_code|Must be one of: {', '.join(choices)}.")


class _Strict(Schema):
    class Meta:
        """A field nobody knows is refused: it may be a person's data in the wrong place."""

        unknown = RAISE


def _sealing_key(value: str) -> None:
    try:
        key_id(value)
    except InvalidInput:
        raise ValidationError("format|Must be a public key: 32 bytes in base64.") from None


def _zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("unknown_code|Must be a time zone such as Africa/Nairobi.")


class HoursRequest(_Strict):
    """When somebody is there; no days means every day."""

    opens = fields.String(required=True, validate=_CLOCK)
    closes = fields.String(required=True, validate=_CLOCK)
    days = fields.List(fields.String(validate=_DAY), load_default=list)


class PartnerRequest(_Strict):
    """A partner as an operator enters it.

    `counties` is ISO 3166-2 codes, or `*` for everywhere; `new_key` asks for another bearer key beside the last one.
    """

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    support_types = fields.List(fields.String(validate=_SLUG), required=True, validate=validate.Length(min=1, max=40))
    counties = fields.List(fields.String(validate=_COUNTY), required=True, validate=validate.Length(min=1, max=300))
    languages = fields.List(fields.String(validate=_LANGUAGE), load_default=list, validate=validate.Length(max=40))
    capacity = fields.Integer(required=True, validate=validate.Range(min=0, max=100_000))
    public_key = fields.String(load_default="", validate=_sealing_key)
    vetted = fields.Boolean(load_default=False)
    suspended = fields.Boolean(load_default=False)
    hours = fields.List(fields.Nested(HoursRequest), load_default=list, validate=validate.Length(max=21))
    timezone = fields.String(load_default="Africa/Nairobi", validate=_zone)
    new_key = fields.Boolean(load_default=False)


class DeclineRequest(_Strict):
    """A refusal with its reason."""

    reason = fields.String(required=True, validate=_one_of(DECLINE_REASONS))


class FailRequest(_Strict):
    """Work that could not be done, with its reason."""

    reason = fields.String(required=True, validate=_one_of(FAIL_REASONS))


class CompleteRequest(_Strict):
    """Work done, with its outcome."""

    outcome = fields.String(load_default="helped", validate=_one_of(OUTCOMES))


class NothingRequest(_Strict):
    """An empty object, or no body at all."""


class SettleRequest(_Strict):
    """A human's word that a need is met or gone, as a code."""

    reason = fields.String(required=True, validate=_SLUG)


class ReasonView(Schema):
    """The name of a rule and what it says."""

    rule = fields.String()
    text = fields.String()


class PartnerView(Schema):
    """A partner of the directory; `key` is a new bearer key, shown once."""

    id = fields.String()
    name = fields.String()
    support_types = fields.List(fields.String())
    counties = fields.List(fields.String())
    languages = fields.List(fields.String())
    capacity = fields.Integer()
    held = fields.Integer()
    asked = fields.Integer()
    public_key = fields.String()
    vetted = fields.Boolean()
    suspended = fields.Boolean()
    hours = fields.List(fields.Nested(HoursRequest))
    timezone = fields.String()
    key = fields.String(allow_none=True)


class PartnersView(Schema):
    """The directory."""

    partners = fields.List(fields.Nested(PartnerView))


class OfferView(Schema):
    """Where an offer stands; `due` is the end of the present wait."""

    offer_id = fields.String()
    case_ref = fields.String()
    partner_id = fields.String()
    need = fields.String()
    urgency = fields.String()
    state = fields.String()
    attempt = fields.Integer()
    received = fields.Boolean()
    detail = fields.String()
    made_at = fields.AwareDateTime()
    due = fields.AwareDateTime(allow_none=True)
    reasons = fields.List(fields.Nested(ReasonView))
    policy_version = fields.String()


class NeedView(Schema):
    """Where a need stands."""

    need = fields.String()
    state = fields.String()
    match_again = fields.AwareDateTime(allow_none=True)


class CaseView(Schema):
    """A case in short."""

    case_ref = fields.String()
    state = fields.String()
    closed_reason = fields.String()
    urgency = fields.String()
    county = fields.String()
    created_at = fields.AwareDateTime()
    next_deadline = fields.AwareDateTime(allow_none=True)
    needs = fields.List(fields.Nested(NeedView))


class CasesView(Schema):
    """Cases, the newest first."""

    cases = fields.List(fields.Nested(CaseView))


class HopView(Schema):
    """One step of a case's story."""

    at = fields.AwareDateTime()
    what = fields.String()
    actor = fields.String()
    text = fields.String()
    need = fields.String()
    offer_id = fields.String()
    partner_id = fields.String()
    reason = fields.String()
    reasons = fields.List(fields.Nested(ReasonView))


class StoryView(CaseView):
    """A case with its offers and its story so far."""

    offers = fields.List(fields.Nested(OfferView))
    story = fields.List(fields.Nested(HopView))


class CandidateView(Schema):
    """A partner that fits, and what its points are for."""

    partner_id = fields.String()
    score = fields.Integer()
    reasons = fields.List(fields.Nested(ReasonView))


class ExclusionView(Schema):
    """A partner that was looked at and left out."""

    partner_id = fields.String()
    reason = fields.Nested(ReasonView)


class MatchView(Schema):
    """Whom a need would be offered to; `excluded` lists the first hundred of those left out."""

    need = fields.String()
    candidates = fields.List(fields.Nested(CandidateView))
    excluded = fields.List(fields.Nested(ExclusionView))
    excluded_count = fields.Integer()
    directory_size = fields.Integer()
    policy_version = fields.String()
    asked_about = fields.Nested(ReasonView, allow_none=True)


class MatchesView(Schema):
    """The dry run of every need that is not settled."""

    case_ref = fields.String()
    matches = fields.List(fields.Nested(MatchView))


class EventsView(Schema):
    """Events a partner was told, as CloudEvents, and the cursor to ask from next."""

    events = fields.List(fields.Dict())
    next_after = fields.Integer()


def partner_from(partner_id: str, data: dict[str, Any]) -> Partner:
    """A partner from a loaded PartnerRequest; its wish for a new key is not part of it."""
    data = {name: value for name, value in data.items() if name != "new_key"}
    lists = {name: tuple(data[name]) for name in ("support_types", "counties", "languages")}
    hours = tuple(_hours(each) for each in data["hours"])
    return Partner(id=partner_id, **{**data, **lists, "hours": hours})


def _hours(data: dict[str, Any]) -> Hours:
    return Hours(time.fromisoformat(data["opens"]), time.fromisoformat(data["closes"]), tuple(data["days"]))


def whole_number(query: Mapping[str, str], name: str, default: int, highest: int) -> int:
    """A count from a query string; raises InvalidInput."""
    given = query.get(name, str(default))
    if not (given.isascii() and given.isdigit() and len(given) < 16 and int(given) <= highest):
        error = FieldError(f"/{name}", "range", f"Must be a whole number from 0 to {highest}.")
        raise InvalidInput("The query has an error; `errors` names it.", [error])
    return int(given)
