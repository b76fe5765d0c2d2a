"""Records that are written as they stand keep to what their documents declare, because no document checks them on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ngao.chassis.storage.unit_of_work import Unit, Write
from services.intake.notes.model import CaseFile, Flag
from services.intake.notes.store import CaseFileRepository
from services.notify.roster.model import ContactSummary
from services.notify.roster.store import ContactSummaryRepository
from services.referral.cases.applying import apply_defender, apply_report
from services.referral.cases.finding import known_or_new
from services.referral.cases.store import CaseRepository, TimelineRepository, _step
from services.referral.cases.timeline import Step
from services.referral.offers.model import Offer
from services.referral.offers.store import EngagementRepository, Promised
from tests.support.documents import documents
from tests.support.referral import START, consent, defender, office, partner, report


def _unit() -> Unit:
    return Unit(START, None, None)  # type: ignore[arg-type]  # nothing is sealed, nothing read


def _documents(service: str) -> dict[str, Any]:
    return {document._meta["collection"]: document for document in documents(service)}


def _checked(service: str, write: Write) -> None:
    document, record = _documents(service)[write.collection], write.document
    assert record is not None
    known = {field.db_field: field for field in document._fields.values()}
    assert set(record) <= set(known), "a field that no document declares"
    for name, field in known.items():
        assert not field.required or name in record, f"{name} is required"
        if name in record:
            field.validate(record[name])


def _referral_case(unit: Unit) -> None:
    ctx = office(partner("mwanga")).ctx()
    case = known_or_new(ctx, "NG-1")
    apply_report(case, report(), [consent()], START, ctx.deadlines)
    apply_defender(case, defender("nobody"), START)
    offer = Offer("o1", case.pending()[0].name, "mwanga", 1, START, START + timedelta(hours=1), "v1")
    case.offer(offer, START)
    CaseRepository(unit).save(case)
    engagements = EngagementRepository(unit, Promised())
    engagements._reserved[offer.id] = {"_id": offer.id, "partner_id": offer.partner_id, "place": 0}
    engagements.follow(offer)
    TimelineRepository(unit).note(case.id, Step(START, "offered", "system", "Offered."))


def _contact_summary(unit: Unit) -> None:
    ContactSummaryRepository(unit).save(ContactSummary("NG-1", "DEF-1", may_contact=True, channels=("email",), sequence=3))


def _case_file(unit: Unit) -> None:
    file = CaseFile("NG-1")
    file.change(Flag("do_not_visit", is_set=True, changed_by="operator:amina", changed_at=START))
    CaseFileRepository(unit).save(file)


RECORDS = [("referral", _referral_case), ("notify", _contact_summary), ("intake", _case_file)]


@pytest.mark.parametrize(("service", "write"), RECORDS)
def test_a_plain_record_is_what_its_document_declares(service: str, write: Any) -> None:
    unit = _unit()
    write(unit)
    assert unit.writes
    for each in unit.writes.values():
        _checked(service, each)


@pytest.mark.parametrize("lost", ["what", "actor", "text", "reasons"])
def test_a_part_of_a_step_that_was_not_written_does_not_cost_the_case(lost: str) -> None:
    record = {"_id": "1", "at": START, "what": "case.opened", "actor": "service:referral", "text": "x", "reasons": []}
    assert _step({name: value for name, value in record.items() if name != lost}).at == START
