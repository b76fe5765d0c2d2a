"""Cases and their timelines: between the entities and their records. No record names a person: facts are codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import count
from typing import Any, ClassVar
from uuid import uuid4

from mongoengine import DateTimeField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, internal
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.repository import Repository
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel import actors
from ngao.kernel.consent import FOR_REFERRAL, ConsentChange, ConsentSnapshot, Statement
from ngao.kernel.records import from_record, to_record
from ngao.kernel.urgency import URGENCIES, rank
from services.referral.cases.model import Case, Life
from services.referral.cases.need import Need
from services.referral.cases.timeline import Step

_MOST_OVERDUE = 1000
_ENDS = ("waiting_until", "offers.due", "offers.disclose_by", "needs.match_again")
_PRIORITIES = [rank(urgency) for urgency in URGENCIES]
_WRITTEN_BARE = frozenset({"intake", "registry", "referral", "notify"})
"""How steps of earlier versions name services; operators and partners never had a bare name there."""


class CaseDocument(
    Stored,
    of=Case,
    but=("changes",),
    held=internal(
        "created_at waiting_until report defender tellings consents offers life closed_reason reopened_at withdrawn_sequence "
        "owner owned_since"
    ),
):
    """A case with its needs and offers; it is small, read whole and written whole.

    `undisclosed_since` is the earliest of its offers': only cases in which a partner waits too long for a disclosure have one.
    """

    priority = IntField(required=True, **INTERNAL)
    next_deadline = DateTimeField(**INTERNAL)
    undisclosed_since = DateTimeField(**INTERNAL)
    needs = ListField(DictField(), **INTERNAL)
    offer_ids = ListField(StringField(), **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "cases",
        "indexes": [
            {"fields": ["priority", "next_deadline"]},
            {"fields": ["undisclosed_since"], "partialFilterExpression": {"undisclosed_since": {"$exists": True}}},
            {"fields": ["offer_ids"]},
            {"fields": ["life", "-created_at"]},
            {"fields": ["owner", "life", "-created_at"]},
            {"fields": ["-created_at"]},
        ],
    }


class StepDocument(Stored, of=Step, held=internal("at what actor text need offer_id partner_id reason reasons")):
    """One step of a case's timeline; `ordinal` orders steps of the same moment."""

    case_ref = StringField(required=True, **INTERNAL)
    ordinal = IntField(required=True, db_field="place", **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "story", "indexes": [{"fields": ["case_ref", "at"]}]}


class CaseRepository(Repository[Case]):
    """Cases of one unit of work."""

    document = CaseDocument

    def of_offer(self, offer_id: str) -> Case | None:
        """Return the case that an offer belongs to, or None."""
        return self._one(CaseDocument.objects(offer_ids=offer_id).as_pymongo().first())

    def due(self, now: datetime, limit: int) -> list[str]:
        """Return references of cases with an expired wait, urgent ones first."""
        # The index is in the order that is wanted; without its first field the query would walk through all of it.
        due = CaseDocument.objects(priority__in=_PRIORITIES, next_deadline__lte=now)
        found = due.order_by("priority", "next_deadline").limit(limit)
        return list(found.scalar("id"))

    def latest(
        self,
        lives: Collection[Life] | None,
        limit: int,
        counties: Collection[str] | None = None,
        owners: Collection[str | None] | None = None,
        case_refs: Collection[str] | None = None,
        *,
        urgent_first: bool = False,
    ) -> list[Case]:
        """Return the newest cases, the newest first: of these states, counties, owners and references, where given.

        None among the owners stands for no one. With owners each state is named, so that their index also has the order.
        With `urgent_first` an older case comes before a newer one that is less urgent.
        """
        chosen = CaseDocument.objects()
        if lives is not None or owners is not None:
            chosen = chosen.filter(life__in=[life.value for life in (Life if lives is None else lives)])
        if counties is not None:
            chosen = chosen.filter(report__county__in=list(counties))
        if owners is not None:
            chosen = chosen.filter(__raw__={"owner": {"$in": list(owners)}})
        if case_refs is not None:
            chosen = chosen.filter(id__in=list(case_refs))
        order = ("priority", "-created_at") if urgent_first else ("-created_at",)
        return self._all(chosen.order_by(*order).limit(limit))

    def _read(self, record: Record) -> Case:
        case: Case = CaseDocument.entity_of(
            record,
            consent_snapshots=[
                ConsentSnapshot(stated["sequence"], tuple(map(_statement, stated["grants"])))
                for stated in record.get("tellings", ())
            ],
            consent_changes=tuple(_change(stated) for stated in record.get("consents", ())),
            needs={need["name"]: from_record(Need, need) for need in record.get("needs", ())},
        )
        return case

    def _record(self, entity: Case) -> Record:
        missed = (offer.undisclosed_since for offer in entity.offers if offer.undisclosed_since)
        return super()._record(entity) | {
            "priority": entity.priority,
            "next_deadline": entity.next_deadline,
            "undisclosed_since": min(missed, default=None),
            "tellings": [
                {"sequence": stated.sequence, "grants": [_record_of(statement) for statement in stated.consents]}
                for stated in entity.consent_snapshots
            ],
            "consents": [_record_of(change.statement) | to_record(change, "statement") for change in entity.consent_changes],
            "needs": [to_record(need) for need in entity.needs.values()],
            "offer_ids": [offer.id for offer in entity.offers],
        }


class TimelineRepository:
    """Steps of cases, within one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._ordinals = count()

    def note(self, case_ref: str, step: Step) -> None:
        """Register one step."""
        head = {"_id": uuid4().hex, "case_ref": case_ref, "place": next(self._ordinals), "revision": 1}
        self._unit.carry("story", head | to_record(step))

    def of(self, case_ref: str) -> list[Step]:
        """Return all steps of a case, in the order of time."""
        self._unit.move_carried()
        return [_step(record) for record in StepDocument.objects(case_ref=case_ref).order_by("at", "ordinal").as_pymongo()]


def overdue_waits(now: datetime) -> dict[str, list[datetime]]:
    """Return when expired but still open waits should have ended, by the kind of wait.

    A disclosure that a human was alarmed about is still waited for.

    Every priority is named, so that the index is used; of very many only the oldest are read.
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
    return {what: [end for end in found if end and end <= now] for what, found in ends.items()}


def _record_of(statement: Statement) -> Record:
    return to_record(statement, "purpose")


def _statement(record: Record) -> Statement:
    return from_record(Statement, record, purpose=FOR_REFERRAL)


def _change(record: Record) -> ConsentChange:
    return from_record(ConsentChange, record, statement=_statement(record))


def _step(record: Record) -> Step:
    """Read a step; a part that was not written is empty, because it must not cost the whole case."""
    whole = {"what": "", "actor": "", "text": "", **record}
    return from_record(Step, whole, actor=actors.read(whole["actor"], _WRITTEN_BARE))
