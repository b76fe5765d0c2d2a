"""Referral's use cases without a store: the real context over repositories that keep what they are given in dictionaries."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, Payload, open_event, received, type_named
from ngao.contracts.events.intake import ReportAccepted, ReportUpdated, ReportWithdrawn, StatedConsent
from ngao.contracts.events.registry import ConsentChanged, ContactSummary, DefenderResolved, Restriction
from ngao.kernel.consent import Statement
from ngao.kernel.urgency import URGENCIES
from services.referral.cases import learn_consent as consents
from services.referral.cases import learn_defender as defenders
from services.referral.cases import learn_update as updates
from services.referral.cases import learn_withdrawal as withdrawals
from services.referral.cases import open_case as reports
from services.referral.cases.deadlines import Deadlines, Waits
from services.referral.cases.facts import NOTHING, Changed, Defender, Report
from services.referral.cases.model import Case, Life
from services.referral.cases.news import News
from services.referral.cases.store import CaseRepository, TimelineRepository
from services.referral.cases.timeline import Step
from services.referral.cases.waiting_times import WaitingTimes
from services.referral.context import Context
from services.referral.directory.model import Directory, Partner
from services.referral.directory.store import PartnerRepository
from services.referral.matching.model import Load, Matcher, MatchingPolicy, Weights
from services.referral.matching.store import DirectoryCache
from services.referral.offers.model import OPEN, TAKEN, Offer
from services.referral.offers.store import EngagementRepository
from services.referral.partner_log.store import PartnerLogRepository
from services.referral.policy import load_vocabulary

KEY = b64encode(bytes(32)).decode()
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VOCABULARY = load_vocabulary((Path(__file__).parents[2] / "deploy" / "policy",))
POLICY = MatchingPolicy(
    "p1", Weights(local=40, language=30, free_capacity=20, response=20, open_now=10), 40, "other", timezone="Africa/Nairobi"
)
_WAITS = Waits(timedelta(minutes=15), timedelta(hours=1), timedelta(days=1), timedelta(minutes=10))
DEADLINES = Deadlines("p1", "duty_officer", timedelta(seconds=30), dict.fromkeys(URGENCIES, _WAITS))


def partner(partner_id: str, **changes: Any) -> Partner:
    values: dict[str, Any] = {
        "name": partner_id, "support_types": ("legal_aid",), "counties": ("*",), "languages": ("sw",), "capacity": 5,
        "public_key": KEY, "vetted": True,
    }
    return Partner(partner_id, **{**values, **changes})


def report(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "report_id": "r1", "urgency": "high", "needs": ("legal_aid",), "sequence": 1, "county": "KE-30", "languages": ("sw",),
        "received_at": START,
    }
    return Report(**{**values, **changes})


def defender(*never: str, sequence: int = 1) -> Defender:
    return Defender("DEF-0000000001", "new", frozenset(never), sequence)


def consent(*, granted: bool = True, at: datetime = START, recipient: str | None = None, scope: tuple[str, ...] = ("contact",),
            until: datetime | None = None) -> Statement:
    return Statement("referral", scope, recipient, until, at, granted)


class MemoryCases(CaseRepository):
    """Cases, and what has happened to them so far."""

    def __init__(self) -> None:
        self.kept: dict[str, Case] = {}
        self.told: list[tuple[str, News]] = []

    def get(self, case_ref: str) -> Case | None:
        return deepcopy(self.kept.get(case_ref))

    def of_offer(self, offer_id: str) -> Case | None:
        return next((deepcopy(case) for case in self.kept.values() if any(o.id == offer_id for o in case.offers)), None)

    def due(self, now: datetime, limit: int) -> list[str]:
        over = [case for case in self.kept.values() if case.next_deadline and case.next_deadline <= now]
        return [case.id for case in sorted(over, key=lambda case: (case.priority, case.next_deadline))][:limit]

    def latest(self, life: Life | None, limit: int) -> list[Case]:
        return [case for case in self.kept.values() if life in {None, case.life}][:limit]

    def put(self, case: Case) -> None:
        self.told += [(case.id, news) for news in case.news]
        kept = deepcopy(case)
        kept.news.clear()
        kept.revision += 1
        self.kept[case.id] = kept

    def kinds(self) -> list[str]:
        return [news.kind.value for _, news in self.told]

    def last(self, kind: str) -> News:
        return next(news for _, news in reversed(self.told) if news.kind.value == kind)


class MemoryPartners(PartnerRepository):
    def __init__(self, kept: dict[str, Partner]) -> None:
        self.kept = kept

    def get(self, partner_id: str) -> Partner | None:
        return self.kept.get(partner_id)

    def all(self) -> list[Partner]:
        return sorted(self.kept.values(), key=lambda each: each.id)

    def put(self, partner: Partner) -> None:
        self.kept[partner.id] = partner


class MemoryEngagements(EngagementRepository):
    def __init__(self) -> None:
        self.kept: dict[str, Offer] = {}
        self.placed: set[str] = set()

    def follow(self, offer: Offer) -> None:
        self.kept[offer.id] = offer

    def reserve(self, offer: Offer, capacity: int) -> bool:
        if self.loads([offer.partner_id])[offer.partner_id].places >= capacity:
            return False
        self.placed.add(offer.id)
        return True

    def confirm(self, offer: Offer, capacity: int) -> bool:
        free = self.loads([offer.partner_id])[offer.partner_id].held < capacity
        return offer.id in self.placed or free

    def live_of(self, partner_ids: Sequence[str], limit: int) -> list[str]:
        return [each.id for each in self.kept.values() if each.partner_id in partner_ids and each.live][:limit]

    def taken_of(self, partner_id: str) -> list[str]:
        return [each.id for each in self.kept.values() if each.partner_id == partner_id and each.taken]

    def to_shut_out(self, distrusted: Sequence[str], revoked: Sequence[str], limit: int) -> list[str]:
        return [
            each.id for each in self.kept.values()
            if (each.partner_id in distrusted and each.open) or (each.partner_id in revoked and each.taken and not each.told_of)
        ][:limit]

    def loads(self, partner_ids: Sequence[str]) -> Mapping[str, Load]:
        return {
            one: Load(
                sum(each.partner_id == one and each.state in TAKEN for each in self.kept.values()),
                sum(each.partner_id == one and each.state in OPEN for each in self.kept.values()),
            )
            for one in partner_ids
        }


class MemoryTimeline(TimelineRepository):
    def __init__(self) -> None:
        self.steps: list[tuple[str, Step]] = []

    def note(self, case_ref: str, step: Step) -> None:
        self.steps.append((case_ref, step))

    def of(self, case_ref: str) -> list[Step]:
        return [step for ref, step in self.steps if ref == case_ref]


class MemoryLog(PartnerLogRepository):
    def __init__(self) -> None:
        self.kept: dict[str, list[Mapping[str, Any]]] = {}
        self.boxed: list[tuple[str, str, Mapping[str, Any]]] = []

    def after(self, partner_id: str, cursor: int, limit: int) -> list[tuple[int, Mapping[str, Any]]]:
        return list(enumerate(self.kept.get(partner_id, []), 1))[cursor:cursor + limit]

    def add(self, partner_id: str, event: Event) -> None:
        self.kept.setdefault(partner_id, []).append(event.data)

    def add_box(self, partner_id: str, offer_id: str, part: str, event: Event) -> None:
        self.boxed.append((offer_id, part, event.data))
        self.add(partner_id, event)

    def forget_boxes(self, offer_id: str, part: str | None = None) -> None:
        gone = [data for of, which, data in self.boxed if of == offer_id and part in (None, which)]
        for kept in self.kept.values():
            kept[:] = [each for each in kept if not any(each is data for data in gone)]


class MemoryDirectory(DirectoryCache):
    def __init__(self, partners: PartnerRepository) -> None:
        self._partners = partners

    def current(self) -> Directory:
        return Directory(self._partners.all())

    def matcher(self, loads: Callable[[Sequence[str]], Mapping[str, Load]]) -> Matcher:
        return Matcher(self.current(), loads, POLICY)


@dataclass
class Office:
    """Everything that lasts between units of work, and the time."""

    partners: MemoryPartners
    cases: MemoryCases = field(default_factory=MemoryCases)
    engagements: MemoryEngagements = field(default_factory=MemoryEngagements)
    timeline: MemoryTimeline = field(default_factory=MemoryTimeline)
    log: MemoryLog = field(default_factory=MemoryLog)
    waiting_times: WaitingTimes = field(default_factory=lambda: WaitingTimes(Metrics()))
    now: datetime = START
    ids: Any = field(default_factory=count)

    def ctx(self, operator: str = "") -> Context:
        """The context of a new unit of work, as an operator's if one is named."""
        unit = Unit(self.now, None, None)  # type: ignore[arg-type]  # nothing is sealed, nothing read
        return Context(
            unit, Principal("operator", operator) if operator else None, POLICY, DEADLINES, VOCABULARY,
            self.waiting_times,
            MemoryDirectory(self.partners), self.cases, self.timeline, self.partners, self.engagements, self.log,
            lambda: f"offer-{next(self.ids)}",
        )  # fmt: skip

    def case(self, case_ref: str = "NG-1") -> Case:
        return self.cases.kept[case_ref]


def office(*partners: Partner) -> Office:
    return Office(MemoryPartners({each.id: each for each in partners}))


def envelope(payload: Payload, case_ref: str, sequence: int, time: datetime) -> Event:
    """What surrounds a payload that came from another service."""
    return Event(payload.type_name, f"/ngao/{payload.type_name.partition('.')[0]}", case_ref, {}, "e1", time, sequence=sequence)


def open_case(ctx: Context, case_ref: str, told: Report, agreed: list[Statement]) -> None:
    """Let intake say this report."""
    event = ReportAccepted(
        report_id=told.report_id, case_ref=case_ref, source_id="forms", received_at=told.received_at or ctx.now,
        occurred_at=ctx.now, urgency=told.urgency, policy_version="p1", needs=told.needs, needs_proposed=told.proposed,
        county=told.county, languages=told.languages, consent=_stated(agreed), has_narrative=False,
    )  # fmt: skip
    reports.open_case(ctx, event, envelope(event, case_ref, told.sequence, ctx.now))


def learn_update(ctx: Context, case_ref: str, told: Report, agreed: list[Statement], changed: Changed = NOTHING) -> None:
    """Let intake say this later word; its consents all have the time of the event."""
    event = ReportUpdated(
        report_id=told.report_id, case_ref=case_ref, urgency=told.urgency, policy_version="p1", needs=told.needs,
        needs_proposed=told.proposed, county=told.county or None, consent=_stated(agreed), has_narrative=False,
        news=tuple(changed.parts), needs_again=changed.needs_again,
    )  # fmt: skip
    time = agreed[0].at if agreed else ctx.now
    updates.learn_update(ctx, event, envelope(event, case_ref, told.sequence, time))


def learn_withdrawal(ctx: Context, case_ref: str, sequence: int = 0) -> None:
    """Let intake say that the report is withdrawn."""
    event = ReportWithdrawn(report_id="r1", case_ref=case_ref)
    withdrawals.learn_withdrawal(ctx, event, envelope(event, case_ref, sequence, ctx.now))


def learn_defender(ctx: Context, case_ref: str, known: Defender) -> None:
    """Let the registry say who it is."""
    event = DefenderResolved(
        case_ref=case_ref, defender_ref=known.defender_ref, resolution=known.resolution,
        restrictions=tuple(Restriction(kind="never_refer", partner_id=each) for each in known.never_refer),
        contact=ContactSummary(may_contact=False, channels=()),
    )  # fmt: skip
    defenders.learn_defender(ctx, event, envelope(event, case_ref, known.sequence, ctx.now))


def learn_consent(ctx: Context, case_ref: str, said: Statement) -> None:
    """Let the registry say that a consent was given or withdrawn."""
    event = ConsentChanged(
        case_ref=case_ref, purpose=said.purpose, scope=said.scope, recipient=said.recipient, until=said.until,
        granted=said.granted, effective_at=said.at,
    )  # fmt: skip
    consents.learn_consent(ctx, event)


def payload_of(event: Event) -> Any:
    """What a handler gets of an event."""
    kind = type_named(event.type).payload
    assert kind
    return received(kind, replace(event, data=open_event(event)))


def _stated(agreed: list[Statement]) -> tuple[StatedConsent, ...]:
    return tuple(
        StatedConsent(purpose=each.purpose, scope=each.scope, recipient=each.recipient, until=each.until) for each in agreed
    )
