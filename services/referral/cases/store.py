"""Cases: between the entity and its record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.consent import FOR_REFERRAL, Statement, Telling
from ngao.kernel.records import from_record, to_record
from ngao.kernel.urgency import URGENCIES, rank
from services.referral.cases.model import Case, Life
from services.referral.cases.need import Need
from services.referral.offers.model import TAKEN, Offer
from services.referral.storage.documents import CaseDocument, EngagementDocument

_CASES = "cases"
_MOST_OVERDUE = 1000
_ENDS = ("waiting_until", "offers.due", "offers.disclose_by", "needs.match_again")
_PRIORITIES = [rank(urgency) for urgency in URGENCIES]


class CaseRepository:
    """Cases of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def get(self, case_ref: str) -> Case | None:
        """One case, or None."""
        return _case_or_none(self._unit.lookups.by(_CASES).one(case_ref))

    def of_offer(self, offer_id: str) -> Case | None:
        """The case that an offer belongs to, or None."""
        return _case_or_none(CaseDocument.objects(offer_ids=offer_id).as_pymongo().first())

    def taken_by(self, partner_id: str) -> list[tuple[Case, Offer]]:
        """The offers that a partner has accepted and not ended yet, with their cases."""
        taken = EngagementDocument.objects(partner_id=partner_id, state__in=[state.value for state in TAKEN])
        found = [(self.of_offer(offer_id), offer_id) for offer_id in taken.scalar("id")]
        pairs = [(case, case.offer_with(offer_id)) for case, offer_id in found if case is not None]
        return [(case, offer) for case, offer in pairs if offer.taken]

    def due(self, now: datetime, limit: int) -> list[str]:
        """References of cases with a wait that is over, urgent ones first."""
        # The index is in the order that is wanted; without its first field the query would walk through all of it.
        due = CaseDocument.objects(priority__in=_PRIORITIES, next_deadline__lte=now)
        found = due.order_by("priority", "next_deadline").limit(limit)
        return list(found.scalar("id"))

    def latest(self, life: Life | None, limit: int) -> list[Case]:
        """Cases, the newest first, of one state or of all."""
        chosen = CaseDocument.objects(life=life.value) if life else CaseDocument.objects()
        return [_case(each) for each in chosen.order_by("-created_at").limit(limit).as_pymongo()]

    def put(self, case: Case) -> None:
        """Register a new or changed case."""
        self._unit.keep(_CASES, _record(case), case.revision)


def overdue_waits(now: datetime) -> dict[str, list[datetime]]:
    """When the waits should have ended that are over and stand all the same, by what was waited for.

    A disclosure that a human was alarmed about is still waited for.

    Every priority is named, so that the index is used; of a great many only the oldest are looked at.
    """
    late = CaseDocument.objects(priority__in=_PRIORITIES, next_deadline__lte=now)
    ends: dict[str, list[datetime | None]] = {"facts": [], "offer": [], "disclosure": [], "match": []}
    for record in late.order_by("next_deadline").limit(_MOST_OVERDUE).only(*_ENDS).as_pymongo():
        ends["facts"].append(record.get("waiting_until"))
        ends["offer"] += [offer.get("due") for offer in record.get("offers", ())]
        ends["disclosure"] += [offer.get("disclose_by") for offer in record.get("offers", ())]
        ends["match"] += [need.get("match_again") for need in record.get("needs", ())]
    missed = CaseDocument.objects(undisclosed_since__exists=True).order_by("undisclosed_since").limit(_MOST_OVERDUE)
    ends["disclosure"] += missed.scalar("undisclosed_since")
    return {what: [each for each in found if each and each <= now] for what, found in ends.items()}


def _record(case: Case) -> dict[str, Any]:
    return to_record(case, "id", "revision", "tellings", "consents", "needs", "news") | {
        "_id": case.id,
        "priority": case.priority,
        "next_deadline": case.next_deadline,
        "undisclosed_since": min((each.undisclosed_since for each in case.offers if each.undisclosed_since), default=None),
        "tellings": [{"sequence": each.sequence, "grants": [_said(fact) for fact in each.consents]} for each in case.tellings],
        "consents": [_said(fact) for fact in case.consents],
        "needs": [to_record(need) for need in case.needs.values()],
        "offer_ids": [offer.id for offer in case.offers],
    }


def _said(statement: Statement) -> dict[str, Any]:
    return to_record(statement, "purpose")


def _case_or_none(record: dict[str, Any] | None) -> Case | None:
    return _case(record) if record else None


def _case(record: dict[str, Any]) -> Case:
    return from_record(
        Case,
        record,
        id=record["_id"],
        tellings=[Telling(each["sequence"], tuple(map(_statement, each["grants"]))) for each in record.get("tellings", ())],
        consents=[_statement(each) for each in record.get("consents", ())],
        needs={need["name"]: from_record(Need, need) for need in record.get("needs", ())},
    )


def _statement(record: dict[str, Any]) -> Statement:
    return from_record(Statement, record, purpose=FOR_REFERRAL)
