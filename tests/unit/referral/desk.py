"""A desk in memory: our own ports, kept in dictionaries, so that use cases run without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from ngao.contracts import Event
from ngao.kernel.consent import Statement
from ngao.kernel.urgency import URGENCIES
from services.referral.cases.deadlines import Deadlines, Waits
from services.referral.cases.facts import Defender, Report
from services.referral.cases.model import Case, Life
from services.referral.cases.news import News
from services.referral.directory.model import Directory, Partner
from services.referral.matching.model import Load, Matcher, MatchingPolicy, Weights
from services.referral.offers.model import OPEN, TAKEN, Offer
from services.referral.policy import load_vocabulary
from services.referral.ports import Desk, Hop

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_SHIPPED = (Path(__file__).parents[3] / "deploy" / "policy",)
VOCABULARY = load_vocabulary(_SHIPPED)
POLICY = MatchingPolicy(
    "p1", Weights(local=40, language=30, free_capacity=20, response=20, open_now=10), 40, "other", timezone="Africa/Nairobi"
)
_WAITS = Waits(timedelta(minutes=15), timedelta(hours=1), timedelta(days=1), timedelta(minutes=10))
DEADLINES = Deadlines("p1", "duty_officer", timedelta(seconds=30), dict.fromkeys(URGENCIES, _WAITS))


def partner(partner_id: str, **changes: Any) -> Partner:
    values: dict[str, Any] = {
        "name": partner_id, "support_types": ("legal_aid",), "counties": ("*",), "languages": ("sw",), "capacity": 5,
        "public_key": "key", "vetted": True,
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


@dataclass
class MemoryCases:
    kept: dict[str, Case] = field(default_factory=dict)

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
        kept = deepcopy(case)
        kept.news.clear()
        kept.revision += 1
        self.kept[case.id] = kept


@dataclass
class MemoryPartners:
    kept: dict[str, Partner] = field(default_factory=dict)

    def get(self, partner_id: str) -> Partner | None:
        return self.kept.get(partner_id)

    def all(self) -> list[Partner]:
        return sorted(self.kept.values(), key=lambda each: each.id)

    def put(self, one: Partner) -> None:
        self.kept[one.id] = one


@dataclass
class MemoryEngagements:
    kept: dict[str, Offer] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)

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


@dataclass
class MemoryTeller:
    told: list[tuple[str, News]] = field(default_factory=list)

    def tell(self, case: Case, news: News) -> None:
        self.told.append((case.id, news))

    def kinds(self) -> list[str]:
        return [news.kind.value for _, news in self.told]

    def last(self, kind: str) -> News:
        return next(news for _, news in reversed(self.told) if news.kind.value == kind)


@dataclass
class MemoryStory:
    hops: list[tuple[str, Hop]] = field(default_factory=list)

    def note(self, case_ref: str, hop: Hop) -> None:
        self.hops.append((case_ref, hop))

    def of(self, case_ref: str) -> list[Hop]:
        return [hop for ref, hop in self.hops if ref == case_ref]


@dataclass
class MemoryLog:
    kept: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    boxed: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

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


@dataclass
class Office:
    """Everything that lasts between units of work, and the time."""

    partners: MemoryPartners = field(default_factory=MemoryPartners)
    cases: MemoryCases = field(default_factory=MemoryCases)
    engagements: MemoryEngagements = field(default_factory=MemoryEngagements)
    teller: MemoryTeller = field(default_factory=MemoryTeller)
    story: MemoryStory = field(default_factory=MemoryStory)
    log: MemoryLog = field(default_factory=MemoryLog)
    now: datetime = START
    ids: Any = field(default_factory=count)

    def matcher(self, loads: Any) -> Matcher:
        return Matcher(Directory(self.partners.all()), loads, POLICY)

    def current(self) -> Directory:
        return Directory(self.partners.all())

    def desk(self) -> Desk:
        return Desk(
            self.now, self.cases, self.partners, self.engagements, self.teller, self.story, self.log, self, DEADLINES, POLICY,
            lambda: f"offer-{next(self.ids)}", VOCABULARY,
        )

    def case(self, case_ref: str = "NG-1") -> Case:
        return self.cases.kept[case_ref]


def office(*partners: Partner) -> Office:
    return Office(MemoryPartners({each.id: each for each in partners}))
