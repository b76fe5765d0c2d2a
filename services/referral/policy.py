"""Read the coalition's rules of matching and waiting, and a directory file, into the domain's own shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import check, load_policy, parse, reads_policy
from ngao.chassis.retention import load_retention
from ngao.contracts.classes import Pattern, Strict
from ngao.contracts.lists import LISTS, SLUG
from ngao.kernel.retention import Retention
from ngao.kernel.urgency import URGENCIES
from ngao.kernel.vocabulary import Vocabulary, WrongList, vocabulary_of
from services.referral.cases.deadlines import Deadlines, Pace, Waits
from services.referral.directory.model import Partner
from services.referral.directory.responses import PARTNER_ID, PartnerRequest, partner_from
from services.referral.matching.model import MatchingPolicy, Weights
from services.referral.offers.showing import Showing, ShownPlace, Shows

_POINTS = validate.Range(min=0, max=1000)
_SECONDS = validate.Range(min=1)


class _Weights(Strict):
    local = fields.Integer(required=True, validate=_POINTS)
    language = fields.Integer(required=True, validate=_POINTS)
    free_capacity = fields.Integer(required=True, validate=_POINTS)
    response = fields.Integer(required=True, validate=_POINTS)
    open_now = fields.Integer(required=True, validate=_POINTS)


class _Shows(Strict):
    place = fields.Enum(ShownPlace, by_value=True, required=True)
    languages = fields.Boolean(required=True)


class _Offers(Strict):
    default = fields.Nested(_Shows, required=True)
    support_types = fields.Dict(keys=fields.String(), values=fields.Nested(_Shows), load_default=dict)
    regions = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict)


class MatchingFile(Strict):
    """`matching.yaml`. Without `offers`, an offer shows neither place nor languages."""

    timezone = fields.String(required=True, validate=validate.OneOf(available_timezones(), error="Must be a time zone."))
    default_need = fields.String(required=True)
    consider = fields.Integer(required=True, validate=validate.Range(min=1, max=1000))
    weights = fields.Nested(_Weights, required=True)
    offers = fields.Nested(_Offers, load_default=None)


class _Waits(Strict):
    respond_by = fields.Integer(required=True, validate=_SECONDS)
    start_by = fields.Integer(required=True, validate=_SECONDS)
    complete_by = fields.Integer(required=True, validate=_SECONDS)
    match_again = fields.Integer(required=True, validate=_SECONDS)
    disclose_by = fields.Integer(load_default=120, validate=_SECONDS)


_ByUrgency = Strict.from_dict({urgency: fields.Nested(_Waits, required=True) for urgency in URGENCIES}, name="ByUrgency")


class _Pace(Strict):
    support_types = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    respond_by = fields.Integer(required=True, validate=_SECONDS)
    start_by = fields.Integer(required=True, validate=_SECONDS)
    complete_by = fields.Integer(required=True, validate=_SECONDS)
    match_again = fields.Integer(required=True, validate=_SECONDS)


class DeadlinesFile(Strict):
    """`deadlines.yaml`."""

    told = fields.String(required=True)
    resolve_by = fields.Integer(required=True, validate=_SECONDS)
    urgencies = fields.Nested(_ByUrgency, required=True)
    paces = fields.Dict(keys=fields.String(validate=SLUG), values=fields.Nested(_Pace), load_default=dict)

    @validates_schema
    def one_pace_a_need(self, data: dict[str, Any], **_: object) -> None:
        """Refuse a kind of support with two paces."""
        times = Counter(need for pace in data.get("paces", {}).values() for need in pace["support_types"])
        twice = sorted(need for need, number in times.items() if number > 1)
        if twice:
            raise ValidationError(f"duplicate|Each kind of support in one pace: {', '.join(twice)}.", "paces")


class _ListedPartner(PartnerRequest):
    id = fields.String(required=True, validate=Pattern(PARTNER_ID))


class PartnersFile(Strict):
    """`partners.yaml`: a directory to begin with."""

    partners = fields.List(fields.Nested(_ListedPartner), required=True)


def load_rules(directories: Sequence[Path]) -> tuple[MatchingPolicy, Deadlines]:
    """Read both policy files. Raises Misconfigured naming file and key."""
    policy = load_policy(directories, {"matching.yaml": MatchingFile(), "deadlines.yaml": DeadlinesFile()})
    return _matching(policy["matching.yaml"], policy.version), _deadlines(policy["deadlines.yaml"], policy.version)


def check_paces(deadlines: Deadlines, known: Vocabulary) -> None:
    """Raise Misconfigured for a pace of a kind of support that is in no list: it would be no one's."""
    if unknown := sorted(set(deadlines.paces) - known.supports):
        raise Misconfigured(f"The policy file deadlines.yaml has errors: paces: {', '.join(unknown)} is in no list.")


def load_vocabulary(directories: Sequence[Path]) -> Vocabulary:
    """Read the coalition's lists. Raises Misconfigured naming file and key."""
    try:
        return vocabulary_of(load_policy(directories, LISTS).documents)
    except WrongList as error:
        raise Misconfigured(str(error)) from None


@reads_policy("referral")
def version_of(directories: Sequence[Path]) -> str:
    """Read every policy file that referral reads at its start. Returns the version. Raises Misconfigured."""
    read_retention(directories)
    rules, deadlines = load_rules(directories)
    check_paces(deadlines, load_vocabulary(directories))
    return rules.version


def load_directory(path: Path) -> list[Partner]:
    """Read the partners of a directory file. Raises Misconfigured naming file and key."""
    loaded = check(path, parse(path, path.read_bytes()), PartnersFile())
    return [partner_from(partner.pop("id"), partner) for partner in loaded["partners"]]


def _matching(data: dict[str, Any], version: str) -> MatchingPolicy:
    showing = _showing(data["offers"]) if data["offers"] else Showing()
    return MatchingPolicy(version, Weights(**data["weights"]), data["consider"], data["default_need"], showing, data["timezone"])


def _showing(data: dict[str, Any]) -> Showing:
    return Showing(
        Shows(**data["default"]),
        {support: Shows(**shows) for support, shows in data["support_types"].items()},
        {county: region for region, counties in data["regions"].items() for county in counties},
    )


def _deadlines(data: dict[str, Any], version: str) -> Deadlines:
    by_urgency = {
        urgency: Waits(**{name: timedelta(seconds=seconds) for name, seconds in waits.items()})
        for urgency, waits in data["urgencies"].items()
    }
    paces = {need: _pace(pace) for pace in data["paces"].values() for need in pace["support_types"]}
    return Deadlines(version, data["told"], timedelta(seconds=data["resolve_by"]), by_urgency, paces)


def _pace(data: dict[str, Any]) -> Pace:
    return Pace(**{name: timedelta(seconds=seconds) for name, seconds in data.items() if name != "support_types"})


def read_retention(directories: Sequence[Path]) -> Retention:
    """Read referral's rules of retention: boxes that only a partner opens, and parked messages. Raises Misconfigured."""
    return load_retention(directories, "referral", {"boxes": ("disclosed",)})
