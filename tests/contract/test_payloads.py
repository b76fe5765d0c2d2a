"""The data of an event is a dataclass: its schema is built from it, and what it writes it reads again."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pytest
from marshmallow import validate

from ngao.contracts import CATALOGUE, Event, InvalidContent, decode, encode, event_of, make, open_event, received
from ngao.contracts.events.notices import ContactNotice, Notice
from ngao.contracts.events.referral import NeedUnroutable, OfferAccepted, OfferStarted
from ngao.contracts.events.registry import ContactSummary, DefenderResolved, Restriction
from ngao.contracts.events.replies import AcceptReply
from ngao.contracts.payloads import IfSet, Internal, Part, part, schema_of
from ngao.kernel.records import from_record

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
TYPED = {name: entry for name, entry in CATALOGUE.items() if entry.payload is not None}
OFFER = {"case_ref": "NG-1", "offer_id": "o1", "partner_id": "clinic", "need": "medical", "urgency": "high"}


def sample(samples: Path, name: str) -> Event:
    return decode((samples / f"{name}.json").read_bytes())


def test_a_report_in_clear_alone_is_read_as_a_document() -> None:
    assert set(CATALOGUE) - set(TYPED) == {"intake.report.submitted.v1"}


def test_each_type_has_a_class_of_its_own_that_knows_its_name() -> None:
    assert {entry.payload.type_name: name for name, entry in TYPED.items()} == {name: name for name in TYPED}
    assert len({entry.payload for entry in TYPED.values()}) == len(TYPED)


def test_a_sample_and_its_payload_say_the_same_byte_by_byte(samples: Path) -> None:
    different = []
    for name, entry in TYPED.items():
        data = open_event(sample(samples, name))
        payload = from_record(entry.payload, data)
        said, of_document = event_of(payload, subject="NG-1", time=NOW), make(name, subject="NG-1", data=data, time=NOW)
        left_out = schema_of(entry.payload).left_out
        written = {key: value for key, value in of_document.data.items() if left_out.get(key, ...) != data[key]}
        same = encode(replace(said, id="1")) == encode(replace(of_document, id="1", data=written))
        if not same or from_record(entry.payload, open_event(said)) != payload:
            different.append(name)
    assert different == []


def test_what_is_left_out_while_it_has_its_default_is_written_when_it_has_not() -> None:
    once = {**OFFER, "accepted_at": NOW, "partner_public_key": "k", "partner_key_id": "i"}
    assert "again" not in event_of(OfferAccepted(**once), subject="NG-1").data
    assert event_of(OfferAccepted(**once, again=True), subject="NG-1").data["again"] is True
    assert event_of(AcceptReply(offer_id="o1"), subject="o1").data == {"offer_id": "o1"}


def test_a_payload_is_what_its_reader_gets() -> None:
    resolved = DefenderResolved(
        case_ref="NG-1", resolution="anonymous", restrictions=(Restriction(kind="never", partner_id="clinic"),),
        attributes={"gender": "f"}, contact=ContactSummary(may_contact=True, channels=("email",)),
    )  # fmt: skip
    event = event_of(resolved, subject="NG-1")
    assert received(DefenderResolved, replace(event, data=open_event(event))) == resolved
    notice = replace(event, data=open_event(replace(event, data=event.notice), as_notice=True))
    assert received(ContactNotice, notice) == ContactNotice(case_ref="NG-1", contact=resolved.contact)


def test_a_notice_says_what_it_shares_with_the_event_and_what_is_given_for_it_alone() -> None:
    started = event_of(OfferStarted(**OFFER), subject="NG-1", in_notice={"need_number": 2})
    assert started.notice == {"case_ref": "NG-1", "urgency": "high", "partner_id": "clinic", "need_number": 2}
    assert "need_number" not in started.data
    lost = NeedUnroutable(case_ref="NG-1", need="medical", urgency="high", reason="no_partner", reasons=(), told="duty_officer")
    assert event_of(lost, subject="NG-1").notice == {"case_ref": "NG-1", "urgency": "high"}
    assert from_record(Notice, {"case_ref": "NG-1"}).need_number is None


def test_a_payload_that_breaks_its_schema_is_no_event() -> None:
    with pytest.raises(InvalidContent) as refused:
        event_of(AcceptReply(offer_id=""), subject="o1")
    assert [error.pointer for error in refused.value.errors] == ["/offer_id"]


def test_a_payload_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        OfferStarted(**OFFER).need = "legal"  # type: ignore[misc]


def test_a_field_without_a_data_class_is_refused() -> None:
    @part()
    class Bare(Part):
        name: str

    with pytest.raises(TypeError, match=r"Bare\.name has no data class"):
        schema_of(Bare)


def test_bounds_are_declared_where_the_field_is() -> None:
    schema = schema_of(Bounded)()
    assert set(schema.validate({"words": ["a", "b", "c"], "name": "long"})) == {"words", "name"}
    assert schema.load({"words": ["a"]}) == {"words": ["a"], "name": None}


@part()
class Bounded(Part):
    words: Internal[Annotated[tuple[str, ...], validate.Length(max=2)]]
    name: IfSet[Internal[Annotated[str, validate.Length(max=3)] | None]] = None
