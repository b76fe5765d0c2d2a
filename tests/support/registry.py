"""What the registry in memory is told in tests, and what it published; who and what in it is invented."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportAccepted, ReportUpdated, ReportWithdrawn, SealedIdentity, StatedConsent
from ngao.contracts.events.referral import OfferAccepted, OfferCompleted
from ngao.contracts.events.registry import ConsentChanged, ContactDisclosed, ContactWithheld, DefenderResolved
from ngao.kernel.consent import Statement
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.retention import Retention
from ngao.testing.published import published
from ngao.testing.registry import KEY_ID, RegistryInMemory
from ngao.testing.vouching import Onboarding, PartnerKeys
from services.registry.candidates.review import link_candidate, separate_candidate
from services.registry.cases.follow import follow_update, follow_withdrawal
from services.registry.consent.change import change_consent
from services.registry.context import Context
from services.registry.disclosure.disclose import contact_may_leave, disclose_contact, end_disclosure
from services.registry.disclosure.model import Disclosure, Refusal
from services.registry.people.model import Restriction
from services.registry.people.reference_for_source import reference_for_source
from services.registry.people.resolve import resolve_defender
from services.registry.people.restrict import add_restriction, lift_restriction
from services.registry.rules import IdentityPolicy, MatchingRules

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

POLICY = IdentityPolicy(
    version="v1",
    default_region="KE",
    matching=MatchingRules(
        contradicts_below=0.8, candidate_from=0.53, weights={"name": 0.6, "phone": 0.55, "email": 0.55},
        same_sounds={"ph": "f", "c": "k", "l": "r", "y": "i"}, most_candidates=5, kin_words=frozenset({"mama", "baba"}),
    ),
    attributes_for_matching=frozenset({"gender", "disability"}),
    restriction_reasons=("safety",),
    read_reasons=("case_work",),
    retention=Retention({"cases": {"received": 1000, "withdrawn": 30}}, "r1"),
    placeholders=Placeholders.of(["Name Withheld", "Unknown"], ["0700000000"], "KE", emails=["@none.com"]),
)

SAFE = {"may_contact": True, "channels": ["sms", "email"], "code_word": "mwavuli", "shared_phone": False}
MARY = {"names": ["Mary Wanjiku Kamau"], "phones": ["0700 000 001"], "emails": ["mary@example.org"]}


ONBOARDING = Onboarding()
PARTNER = PartnerKeys.new("partner-a")


def accepted(case_ref: str = "NG-1", offer_id: str = "offer-1", keys: PartnerKeys = PARTNER) -> OfferAccepted:
    """A partner's yes that is as it should be."""
    return OfferAccepted(
        case_ref=case_ref, offer_id=offer_id, partner_id=keys.id, need="legal_aid", urgency="high", accepted_at=NOW,
        partner_public_key="", partner_key_id="", vouch=ONBOARDING.vouch(keys), signature=keys.accepts(offer_id, case_ref),
    )  # fmt: skip


@dataclass(frozen=True)
class CaseView:
    """What the registry has published of a case's person."""

    case_ref: str
    urgent: bool
    defender_ref: str | None
    resolution: str
    restrictions: tuple[Restriction, ...]
    may_contact: bool
    channels: tuple[str, ...]
    attributes: Mapping[str, Any]


class Heard:
    """What the registry published and put on record, read from its units."""

    def __init__(self, units: list[Unit]) -> None:
        self._units = units

    @property
    def views(self) -> list[CaseView]:
        return [_view(payload, event) for payload, event in published(self._units, DefenderResolved)]

    @property
    def consents(self) -> list[tuple[str, Statement]]:
        said = (payload for payload, _ in published(self._units, ConsentChanged) if not payload.retracted)
        return [(payload.case_ref, _statement(payload)) for payload in said]

    @property
    def retracted(self) -> list[tuple[str, Statement]]:
        said = (payload for payload, _ in published(self._units, ConsentChanged) if payload.retracted)
        return [(payload.case_ref, _statement(payload)) for payload in said]

    @property
    def disclosed(self) -> list[dict[str, Any]]:
        found = [payload for payload, _ in published(self._units, ContactDisclosed)]
        return [json.loads(each.box) | ({"supersedes": True} if each.supersedes else {}) for each in found]

    @property
    def withheld(self) -> list[Any]:
        """Each refusal that a partner was sent, with the reason that is on record beside it."""
        return [
            SimpleNamespace(id=payload.offer_id, refusal=_on_record(unit, payload.offer_id))
            for unit in self._units
            for payload, _ in published([unit], ContactWithheld)
        ]

    @property
    def recalled(self) -> list[str]:
        return [payload.offer_id for payload, _ in published(self._units, ContactWithheld) if payload.recalled]

    @property
    def audited(self) -> list[tuple[str, str, str]]:
        return [(each.action, each.subject, each.actor) for unit in self._units for each in unit.records]

    @property
    def details(self) -> dict[str, dict[str, str]]:
        return {each.action: dict(each.detail) for unit in self._units for each in unit.records}


def _view(payload: DefenderResolved, event: Event) -> CaseView:
    restrictions = tuple(
        Restriction(each.partner_id or "", each.reason or "", event.time, each.kind) for each in payload.restrictions
    )
    return CaseView(
        payload.case_ref, event.urgent, payload.defender_ref, payload.resolution, restrictions, payload.contact.may_contact,
        payload.contact.channels, payload.attributes,
    )  # fmt: skip


def _statement(payload: ConsentChanged) -> Statement:
    return Statement(
        purpose=payload.purpose, scope=payload.scope, recipient=payload.recipient, until=payload.until,
        at=payload.effective_at, granted=payload.granted,
    )  # fmt: skip


def _on_record(unit: Unit, offer_id: str) -> Refusal:
    (reason,) = (
        each.detail["reason"]
        for each in unit.records
        if each.action == "contact.withheld" and each.detail["offer_id"] == offer_id
    )
    return Refusal(reason)


class Register(RegistryInMemory):
    """The registry in memory, and what others say to it. Each access to `ctx` opens a unit of its own."""

    def __init__(self) -> None:
        super().__init__(NOW, POLICY, ONBOARDING)
        self.heard = Heard(self.units)

    @property
    def ctx(self) -> Context:
        return self.open(OPERATOR)

    def report(self, case_ref: str, identity: Mapping[str, Any] | None = None, **more: Any) -> CaseView:
        """Take an accepted report; `more` may hold attributes, contact_safety, consents, defender_ref, source_id, sequence."""
        told = {"attributes": {}, "contact_safety": None, **{key: more.pop(key) for key in _IN_BOX if key in more}}
        sealed = _sealed(case_ref, identity=identity, **told) if identity or any(told.values()) else None
        self.take(case_ref, sealed, **more)
        return self.last

    def take(
        self, case_ref: str, sealed: SealedIdentity | None, *, source_id: str = "form", defender_ref: str | None = None,
        consents: Iterable[Statement] | None = None, sequence: int | None = 1,
    ) -> None:
        """Take an accepted report with this box."""
        consents = (consent(),) if consents is None else consents
        payload = ReportAccepted(
            report_id="R-1", case_ref=case_ref, source_id=source_id, received_at=self.now, occurred_at=self.now, urgency="high",
            policy_version="v1", needs=(), county="KE-30", languages=(), has_narrative=False, consent=_stated(consents),
            defender_ref=defender_ref, sealed_identity=sealed,
        )  # fmt: skip
        resolve_defender(self.ctx, payload, self._envelope(sequence))

    def update(self, case_ref: str, *consents: Statement, sequence: int | None, urgent: bool = False, **told: Any) -> None:
        """Take an update; what is `told` is sealed beside its consents."""
        payload = ReportUpdated(
            report_id="R-1", case_ref=case_ref, urgency="critical" if urgent else "high", policy_version="v1", needs=(),
            consent=_stated(consents), has_narrative=False, sealed_identity=_sealed(case_ref, **told) if told else None,
        )  # fmt: skip
        at = consents[0].at if consents else self.now
        follow_update(self.ctx, payload, SimpleNamespace(sequence=sequence, time=at))  # type: ignore[arg-type]

    def withdraw(self, case_ref: str, *, sequence: int | None) -> None:
        follow_withdrawal(self.ctx, ReportWithdrawn(report_id="R-1", case_ref=case_ref), self._envelope(sequence))

    def accept(self, offer: OfferAccepted) -> Disclosure:
        return disclose_contact(self.ctx, offer)

    def end(self, case_ref: str, offer_id: str, partner_id: str) -> None:
        end_disclosure(
            self.ctx,
            OfferCompleted(
                case_ref=case_ref, offer_id=offer_id, partner_id=partner_id, need="legal_aid", urgency="high", outcome="helped"
            ),
        )

    def may_leave(self, offer_id: str, number: int = -1) -> bool:
        """Return True if one of the contacts that were disclosed for an offer may leave: the last, or another by its number."""
        unknown = ContactDisclosed(case_ref="NG-1", offer_id=offer_id, partner_id="partner-a", key_id="k", box="")
        sent = [payload for payload, _ in published(self.units, ContactDisclosed) if payload.offer_id == offer_id]
        return contact_may_leave(self.ctx, (sent or [unknown])[number])

    def change_consent(self, ref: str, statement: Statement, case_ref: str | None = None) -> list[str]:
        """An operator records at the statement's own moment what the person says."""
        given = {name: getattr(statement, name) for name in ("granted", "purpose", "scope", "recipient", "until")}
        ctx = self.ctx
        ctx.unit.now = statement.at
        return list(change_consent(ctx, ref, {**given, "case_ref": case_ref})["cases"])

    def restrict(self, ref: str, partner_id: str, reason: str = "safety") -> None:
        add_restriction(self.ctx, ref, {"partner_id": partner_id, "reason": reason})

    def lift(self, ref: str, partner_id: str) -> list[Any]:
        return list(lift_restriction(self.ctx, ref, partner_id)["restrictions"])

    def link(self, case_ref: str, to: str) -> None:
        link_candidate(self.ctx, case_ref, {"defender_ref": to})

    def separate(self, case_ref: str) -> None:
        separate_candidate(self.ctx, case_ref)

    def reference_for_source(self, ref: str, source_id: str) -> str:
        return str(reference_for_source(self.ctx, ref, {"source_id": source_id})["reference"])

    @property
    def last(self) -> CaseView:
        return self.heard.views[-1]

    def _envelope(self, sequence: int | None) -> Any:
        return SimpleNamespace(sequence=sequence, time=self.now)


OPERATOR = Principal("operator", "o", {"identity:read": WHOLE})


def _sealed(case_ref: str, **told: Any) -> SealedIdentity:
    box = {"v": 1, "case_ref": case_ref, "identity": None, "attributes": {}, "contact_safety": None, **told}
    return SealedIdentity(key_id=KEY_ID, box=json.dumps(box))


def _stated(consents: Iterable[Statement]) -> tuple[StatedConsent, ...]:
    return tuple(
        StatedConsent(purpose=each.purpose, scope=each.scope, recipient=each.recipient, until=each.until) for each in consents
    )


def consent(*scope: str, at: datetime = NOW, purpose: str = "referral", granted: bool = True, **more: Any) -> Statement:
    """A statement; without scopes, one about contact."""
    return Statement(granted=granted, purpose=purpose, scope=tuple(sorted(scope or ("contact",))), at=at, **more)


_IN_BOX = ("attributes", "contact_safety")
