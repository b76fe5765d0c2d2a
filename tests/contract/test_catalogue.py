"""The catalogue says who says what to whom; everything else is derived from it."""

from __future__ import annotations

import re

import pytest
from marshmallow import EXCLUDE

from ngao.contracts import CATALOGUE, SERVICES, Audience, EventType, UnknownType, subscriptions_of, type_named
from ngao.contracts.classes import DataClass
from tests.support.each import for_each
from tests.support.inventory import declared

SUBMITTED = "intake.report.submitted.v1"
# Past participles, and four names of the design: a receipt is an answer to a source, unroutable is what a need has become,
# duress a call for help in secret, and due a review.
PAST = re.compile(r"(ed|sent|withheld|withdrawn|unroutable|receipt|duress|due)$")
ENTRIES = list(CATALOGUE.values())
FROM_PARTNERS = [entry for entry in ENTRIES if entry.audiences == (Audience.FROM_PARTNER,)]
OURS = [entry for entry in ENTRIES if entry not in FROM_PARTNERS]


def named(entry: EventType) -> str:
    return entry.name


@for_each("entry", OURS, ids=named)
def test_an_event_is_named_by_owner_and_what_has_happened(entry: EventType) -> None:
    match = re.fullmatch(r"([a-z]+)((?:\.[a-z]+){1,2})\.v([1-9][0-9]*)", entry.name)
    assert match
    assert PAST.search(match[2])
    assert match[1] == ("intake" if entry.owner == "source" else entry.owner)


@for_each("entry", FROM_PARTNERS, ids=named)
def test_a_partners_reply_is_named_by_its_verb(entry: EventType) -> None:
    assert re.fullmatch(r"partner\.offer\.(receipt|accept|decline|start|complete|fail)\.v1", entry.name)


@for_each("entry", ENTRIES, ids=named)
def test_whoever_is_named_exists(entry: EventType) -> None:
    assert entry.owner in {*SERVICES, "source", "partner"}
    assert set(entry.subscribers) <= set(SERVICES) - {entry.owner}
    assert entry.meaning.endswith(".")


@for_each("entry", [entry for entry in ENTRIES if Audience.INTERNAL in entry.audiences], ids=named)
def test_an_internal_event_is_heard_by_somebody(entry: EventType) -> None:
    assert entry.subscribers


@for_each("entry", [entry for entry in ENTRIES if Audience.INTERNAL not in entry.audiences], ids=named)
def test_an_event_of_the_edge_has_no_queue_inside(entry: EventType) -> None:
    assert entry.subscribers == ()


@for_each("entry", ENTRIES, ids=named)
def test_every_field_has_a_data_class(entry: EventType) -> None:
    without = [path for path, field in declared(entry.schema) if not isinstance(field.metadata.get("class"), DataClass)]
    assert without == []


@for_each("entry", [entry for entry in ENTRIES if entry.name != SUBMITTED], ids=named)
def test_no_sensitive_field_travels_except_in_a_submitted_report(entry: EventType) -> None:
    assert [path for path, field in declared(entry.schema) if field.metadata["class"] is DataClass.SENSITIVE] == []


@for_each("entry", ENTRIES, ids=named)
def test_an_event_is_classified_by_its_most_careful_field(entry: EventType) -> None:
    classes = {field.metadata["class"] for _, field in declared(entry.schema)}
    worst = next(each for each in (DataClass.SENSITIVE, DataClass.SEALED, DataClass.INTERNAL) if each in classes)
    assert entry.classification == worst


@for_each("entry", [entry for entry in OURS if entry.owner != "source"], ids=named)
def test_what_a_service_says_may_gain_fields(entry: EventType) -> None:
    assert entry.schema.Meta.unknown == EXCLUDE


def test_subscriptions_are_read_from_the_catalogue() -> None:
    assert {name for service in SERVICES for name in subscriptions_of(service)} == {
        each.name for each in ENTRIES if each.subscribers
    }
    assert "referral.accepted.v1" in subscriptions_of("registry")
    assert subscriptions_of("nobody") == ()


def test_an_unknown_type_is_refused_without_repeating_it() -> None:
    with pytest.raises(UnknownType) as raised:
        type_named("amani.otieno.v1")
    assert "amani" not in str(raised.value)
