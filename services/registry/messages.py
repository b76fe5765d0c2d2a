"""Contract events to commands, and what the registry says to contract events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, make
from ngao.kernel.actors import Actor
from ngao.kernel.consent import Statement
from services.registry.cases.model import Case
from services.registry.disclosure.disclose import AcceptedOffer
from services.registry.disclosure.model import Disclosure
from services.registry.people.resolve import AcceptedReport
from services.registry.people.view import CaseView

CONTACT_DISCLOSED = "registry.contact.disclosed.v1"


def accepted_report(event: Event) -> AcceptedReport:
    """`intake.report.accepted`."""
    data = event.data
    return AcceptedReport(
        case_ref=data["case_ref"],
        source_id=data["source_id"],
        urgent=data["urgency"] == "critical",
        received_at=data["received_at"],
        consents=consents_of(data["consent"], data["received_at"]),
        defender_ref=data["defender_ref"],
        sealed=box_of(event),
        sequence=event.sequence,
    )


def box_of(event: Event) -> tuple[str, str] | None:
    """Key id and box of what intake sealed about the person, if there is any."""
    sealed = event.data["sealed_identity"]
    return (sealed["key_id"], sealed["box"]) if sealed else None


def consents_of(said: Iterable[Mapping[str, Any]], at: datetime) -> tuple[Statement, ...]:
    """The consents of a report or an update as statements of its moment."""
    return tuple(
        Statement(each["purpose"], tuple(sorted(set(each["scope"]))), each["recipient"], each["until"], at)
        for each in said
    )


def accepted_offer(event: Event) -> AcceptedOffer:
    """`referral.accepted`."""
    data = event.data
    return AcceptedOffer(
        case_ref=data["case_ref"], offer_id=data["offer_id"], partner_id=data["partner_id"],
        vouch=data["vouch"], signature=data["signature"], case_salt=data["case_salt"],
    )


class UnitVoice:
    """Says things through a unit of work: they go out if and only if what they tell of is stored."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def resolved(self, view: CaseView) -> None:
        """`registry.defender.resolved`."""
        data = {
            "case_ref": view.case_ref,
            "defender_ref": view.defender_ref,
            "resolution": view.resolution,
            "restrictions": [
                {"kind": each.kind, "partner_id": each.partner_id, "reason": each.reason} for each in view.restrictions
            ],
            "attributes": dict(view.attributes),
            "contact": {"may_contact": view.may_contact, "channels": list(view.channels)},
        }
        self._emit("registry.defender.resolved.v1", view.case_ref, data, urgent=view.urgent)

    def consent_changed(self, case: Case, defender_ref: str | None, statement: Statement) -> None:
        """`registry.consent.changed`."""
        data = {
            "case_ref": case.id,
            "defender_ref": defender_ref,
            "purpose": statement.purpose,
            "scope": statement.scope,
            "recipient": statement.recipient,
            "until": statement.until,
            "granted": statement.granted,
            "effective_at": statement.at,
        }
        self._emit("registry.consent.changed.v1", case.id, data, urgent=case.urgent)

    def contact_disclosed(
        self, case: Case, disclosure: Disclosure, key_id: str, box: str, *, supersedes: bool = False
    ) -> None:
        """`registry.contact.disclosed`, to the partner that accepted."""
        more = {"key_id": key_id, "box": box, "supersedes": supersedes}
        self._to_partner(CONTACT_DISCLOSED, case, disclosure, more)

    def contact_withheld(self, case: Case, disclosure: Disclosure, *, recalled: bool = False) -> None:
        """`registry.contact.withheld`, to the partner that accepted, with the reason it may know."""
        reason = disclosure.refusal.said_to_partner if disclosure.refusal else ""
        self._to_partner("registry.contact.withheld.v1", case, disclosure, {"reason": reason, "recalled": recalled})

    def _to_partner(self, name: str, case: Case, disclosure: Disclosure, more: Mapping[str, Any]) -> None:
        data = {
            "case_ref": case.id, "offer_id": disclosure.id, "partner_id": disclosure.partner_id,
            "case_salt": disclosure.case_salt, **more,
        }  # fmt: skip
        event = make(
            name, subject=case.id, data=data, urgent=case.urgent, partner_id=disclosure.partner_id,
            traceparent=self._unit.traceparent, time=self._unit.now,
        )
        self._unit.emit(event, to=PARTNERS)
        self._unit.emit(event)  # referral keeps it for the partner's catch-up, and knows that the acceptance has its answer

    def _emit(self, name: str, subject: str, data: Mapping[str, Any], *, urgent: bool) -> None:
        event = make(
            name, subject=subject, data=data, urgent=urgent, traceparent=self._unit.traceparent, time=self._unit.now
        )
        self._unit.emit(event)


class UnitAudit:
    """Writes the audit trail through a unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def record(self, action: str, *, subject: str, actor: Actor, detail: Mapping[str, str] | None = None) -> None:
        """Register an entry."""
        self._unit.audit(action, subject=subject, actor=actor, detail=dict(detail or {}))
