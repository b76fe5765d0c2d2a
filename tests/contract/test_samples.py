"""Every event that was ever agreed still reads, and reads the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError

from ngao.contracts import CATALOGUE, Audience, Event, EventType, InvalidContent, decode, encode, make, open_event, type_named
from ngao.contracts.events.referral import OfferEvent
from ngao.contracts.upcasting import UPCASTERS
from tests.support.each import for_each

STRICT = {name for name, entry in CATALOGUE.items() if entry.owner in {"source", "partner"}}
BOX = re.compile(r"^[A-Za-z0-9+/]{64,}={0,2}$")


def sample(samples: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((samples / f"{name}.json").read_text("utf-8"))
    return document


def read(document: dict[str, Any]) -> Event:
    return decode(json.dumps(document).encode())


def names_the_partner(entry: EventType) -> bool:
    """The envelope of every event of an offer names its partner, also of one that is not sent to it."""
    return entry.payload is not None and issubclass(entry.payload, OfferEvent)


def test_each_type_has_one_sample_and_no_sample_is_left_over(samples: Path) -> None:
    assert {path.stem for path in samples.glob("*.json")} == set(CATALOGUE)


@for_each("name", CATALOGUE)
def test_a_sample_decodes_and_encodes_to_the_same_document(samples: Path, name: str) -> None:
    document = sample(samples, name)
    assert json.loads(encode(read(document))) == document


@for_each("name", CATALOGUE)
def test_a_sample_opens_and_is_said_again_the_same(samples: Path, name: str) -> None:
    event = read(sample(samples, name))
    said = make(
        name, subject=event.subject, data=open_event(event), urgent=event.urgent, partner_id=event.partnerid,
        traceparent=event.traceparent, source=event.source, time=event.time,
    )  # fmt: skip
    assert open_event(said) == open_event(event)  # what was added since has its default in both
    assert replace(said, id=event.id, sequence=event.sequence, extra=event.extra, data=event.data) == event


@for_each("name", CATALOGUE)
def test_a_sample_is_addressed_as_its_catalogue_entry_says(samples: Path, name: str) -> None:
    event, entry = read(sample(samples, name)), type_named(name)
    assert event.type == name
    assert event.dataclassification == entry.classification
    assert (event.partnerid is not None) == (Audience.PARTNER in entry.audiences or names_the_partner(entry))
    assert ("sourceid" in event.extra) == (Audience.SOURCE in entry.audiences)
    assert event.source.startswith(f"/ngao/{entry.owner}" if entry.owner not in {"source", "partner"} else f"/{entry.owner}/")


@for_each("name", [name for name in CATALOGUE if name not in STRICT])
def test_an_event_with_a_new_field_is_read_and_the_field_ignored(samples: Path, name: str) -> None:
    event = read(sample(samples, name))
    newer = replace(event, data={**event.data, "added_tomorrow": {"by": "its owner"}})
    assert open_event(newer) == open_event(event)


@for_each("name", sorted(STRICT))
def test_what_outsiders_send_may_hold_no_unknown_field(samples: Path, name: str) -> None:
    event = read(sample(samples, name))
    with pytest.raises(InvalidContent) as refused:
        open_event(replace(event, data={**event.data, "second_name": "Wanjiku"}))
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/second_name", "unknown_field")]


def test_an_unknown_field_deep_in_a_report_is_refused_with_its_pointer(samples: Path) -> None:
    report = sample(samples, "intake.report.submitted.v1")["data"]
    report["violations"][0]["perpetrators"][0]["name"] = "marker"
    with pytest.raises(ValidationError) as refused:
        type_named("intake.report.submitted.v1").schema().load(report)
    assert "marker" not in str(refused.value.messages)


def test_sealed_fields_hold_a_box_and_nothing_to_read(samples: Path) -> None:
    for name in ("intake.report.sealed.v1", "intake.narrative.disclosed.v1", "registry.contact.disclosed.v1"):
        assert BOX.match(sample(samples, name)["data"]["box"])
    assert BOX.match(sample(samples, "intake.report.accepted.v1")["data"]["sealed_identity"]["box"])


def test_the_person_of_the_samples_appears_in_the_submitted_report_only(samples: Path) -> None:
    telling = {path.stem for path in samples.glob("*.json") if re.search("Amani|Otieno|254700|jembe", path.read_text("utf-8"))}
    assert telling == {"intake.report.submitted.v1"}


def test_an_event_of_an_older_version_is_read_as_the_present_one(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def from_v0(event: Event) -> Event:
        data = dict(event.data)
        return replace(event, type="referral.declined.v1", data={**data, "reason": data.pop("why")})

    monkeypatch.setitem(UPCASTERS, "referral.declined.v0", from_v0)
    event = read(sample(samples, "referral.declined.v1"))
    old = replace(event, type="referral.declined.v0", data={**event.data, "why": "unsafe"})
    opened = open_event(old)
    assert opened["reason"] == "unsafe"
    assert "why" not in opened
