"""Referral in memory: its repositories are subclasses of the real ones, so that use cases run without a store."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, encode, for_partner
from ngao.kernel.vocabulary import Vocabulary
from ngao.testing.memory import SHIPPED_POLICY, MemoryRepository, Records, ServiceInMemory
from services.referral.cases.changes import CaseChange
from services.referral.cases.deadlines import Deadlines
from services.referral.cases.model import Case, Life
from services.referral.cases.store import CaseRepository, TimelineRepository
from services.referral.cases.timeline import Step
from services.referral.cases.waiting_times import WaitingTimes
from services.referral.context import Context
from services.referral.directory.model import Directory, Partner
from services.referral.directory.store import PartnerRepository
from services.referral.matching.model import Load, Matcher, MatchingPolicy
from services.referral.matching.store import DirectoryCache
from services.referral.offers.model import REVOKED, Offer
from services.referral.offers.store import EngagementRepository
from services.referral.partner_log.store import PartnerLogRepository
from services.referral.policy import load_rules, load_vocabulary

_EVER = datetime.min.replace(tzinfo=UTC)


class CaseRecords(Records[Case]):
    """Cases, and what has happened to them so far."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[str, CaseChange]] = []

    def put(self, record: Case) -> None:
        """Keep a case; its changes are kept apart, because no record has it."""
        super().put(record)
        self.changes += [(record.id, each) for each in record.changes]
        self.kept[record.id].changes.clear()


class MemoryCases(MemoryRepository[Case], CaseRepository):
    """Cases."""

    def of_offer(self, offer_id: str) -> Case | None:
        return next(iter(self._records.where(lambda case: any(offer.id == offer_id for offer in case.offers))), None)

    def due(self, now: datetime, limit: int) -> list[str]:
        over = [each for each in self._records.kept.values() if each.next_deadline and each.next_deadline <= now]
        return [each.id for each in sorted(over, key=lambda each: (each.priority, each.next_deadline))][:limit]

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
        def chosen(each: Case) -> bool:
            wanted = ((each.life, lives), (each.county, counties), (each.owner, owners), (each.id, case_refs))
            return all(among is None or value in among for value, among in wanted)

        found = self._records.ordered(chosen, by=lambda each: each.created_at, newest_first=True)
        return sorted(found, key=lambda each: each.priority if urgent_first else 0)[:limit]


class MemoryTimeline(TimelineRepository):
    """Steps of cases."""

    def __init__(self, steps: list[tuple[str, Step]]) -> None:
        self._steps = steps

    def note(self, case_ref: str, step: Step) -> None:
        self._steps.append((case_ref, step))

    def of(self, case_ref: str) -> list[Step]:
        return sorted((step for ref, step in self._steps if ref == case_ref), key=lambda step: step.at)


class MemoryPartners(MemoryRepository[Partner], PartnerRepository):
    """Partners."""

    def all(self) -> list[Partner]:
        return self._records.ordered(lambda _: True, by=lambda each: each.id)


@dataclass
class Engagements:
    """Offers as their partners have them: when each came to where it is, and which hold a place."""

    kept: dict[str, Offer] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)

    def ids(self, fits: Callable[[Offer], object]) -> list[str]:
        """Return the ids of those that fit, the oldest first."""
        found = [each.id for each in self.kept.values() if fits(each)]
        return sorted(found, key=lambda each: self.since.get(each, _EVER))


class MemoryEngagements(EngagementRepository):
    """Who was asked and has accepted what. A place that a unit reserves is its own until it follows the offer."""

    def __init__(self, unit: Unit, engagements: Engagements) -> None:
        self._unit, self._engagements = unit, engagements
        self._promises: dict[str, str] = {}

    def follow(self, offer: Offer) -> None:
        kept, placed = self._engagements.kept, self._engagements.placed
        known = kept.get(offer.id)
        if known is None or (known.state, REVOKED in known.alarms) != (offer.state, REVOKED in offer.alarms):
            kept[offer.id], self._engagements.since[offer.id] = deepcopy(offer), self._unit.now
        if not offer.live:
            placed.discard(offer.id)
        elif offer.id in self._promises:
            placed.add(offer.id)

    def reserve(self, offer: Offer, capacity: int) -> bool:
        return self._promise(offer, capacity - self._load_now(offer.partner_id).places)

    def confirm(self, offer: Offer, capacity: int) -> bool:
        if offer.id in self._engagements.placed or offer.id in self._promises:
            return True
        return self._promise(offer, capacity - self._load_now(offer.partner_id).accepted)

    def live_of(self, partner_ids: Sequence[str], limit: int) -> list[str]:
        return self._engagements.ids(lambda each: each.partner_id in partner_ids and each.live)[:limit]

    def ended_of(self, partner_id: str, since: datetime, limit: int) -> list[str]:
        begun = self._engagements.since
        return self._engagements.ids(
            lambda each: each.partner_id == partner_id and not each.live and begun.get(each.id, _EVER) >= since
        )[-limit:]

    def at_work_of(self, partner_id: str) -> list[str]:
        return self._engagements.ids(lambda each: each.partner_id == partner_id and each.at_work)

    def of_distrusted(self, distrusted: Sequence[str], revoked: Sequence[str], limit: int) -> list[str]:
        asked = self._engagements.ids(lambda each: each.partner_id in distrusted and each.open)[:limit]
        at_work = self._engagements.ids(lambda each: each.partner_id in revoked and each.at_work and REVOKED not in each.alarms)
        return asked + at_work[:limit]

    def loads(self, partner_ids: Sequence[str]) -> Mapping[str, Load]:
        found: dict[str, Load] = {}
        for each in self._engagements.kept.values():
            if each.partner_id in partner_ids and each.live:
                load = found.get(each.partner_id, Load())
                found[each.partner_id] = Load(load.accepted + each.at_work, load.asked + each.open)
        return found

    def _load_now(self, partner_id: str) -> Load:
        """Count what is kept, and what this unit has promised and not kept yet."""
        load = self.loads([partner_id]).get(partner_id, Load())
        promised = sum(of == partner_id for offer, of in self._promises.items() if offer not in self._engagements.kept)
        return Load(load.accepted, load.asked + promised)

    def _promise(self, offer: Offer, room: int) -> bool:
        if room > 0:
            self._promises[offer.id] = offer.partner_id
        return room > 0


@dataclass
class Logged:
    """One event that a partner was sent, with its cursor once it has one."""

    partner_id: str
    event: Mapping[str, Any]
    offer_id: str = ""
    part: str | None = None
    at: datetime | None = None
    cursor: int = 0


@dataclass
class PartnerLogs:
    """What partners were sent; cursors are counted for each partner and never given twice."""

    kept: list[Logged] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)

    def of(self, partner_id: str) -> list[Mapping[str, Any]]:
        """Return the data of a partner's events."""
        return [each.event["data"] for each in self.kept if each.partner_id == partner_id]


class MemoryLog(PartnerLogRepository):
    """What partners were sent."""

    def __init__(self, unit: Unit, logs: PartnerLogs) -> None:
        self._unit, self._logs = unit, logs

    def add(self, partner_id: str, event: Event) -> None:
        self._log(Logged(partner_id, {}), event)

    def add_box(self, partner_id: str, offer_id: str, part: str, event: Event) -> None:
        self._log(Logged(partner_id, {}, offer_id, part), event)

    def after(self, partner_id: str, cursor: int, limit: int) -> list[tuple[int, Mapping[str, Any]]]:
        mine = [each for each in self._logs.kept if each.partner_id == partner_id]
        for each in mine:
            if not each.cursor:
                each.cursor = self._logs.last[partner_id] = self._logs.last.get(partner_id, 0) + 1
        return [(each.cursor, deepcopy(each.event)) for each in mine if each.cursor > cursor][:limit]

    def boxes_of(self, offer_id: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(each.part, deepcopy(each.event)) for each in self._logs.kept if each.offer_id == offer_id and each.part]

    def erase_boxes(self, offer_id: str, part: str | None = None, *, before: int | None = None) -> None:
        boxes = [each for each in self._logs.kept if each.offer_id == offer_id and part in {None, each.part}]
        self._erase([each for each in boxes if before is None or int(each.event.get("sequence", 0)) < before])

    def erase_boxes_of(self, partner_id: str, limit: int) -> int:
        return self._erase([each for each in self._logs.kept if each.partner_id == partner_id and each.offer_id][:limit])

    def erase_old_boxes(self, before: datetime, limit: int) -> int:
        return self._erase([each for each in self._logs.kept if each.offer_id and each.at and each.at <= before][:limit])

    def _log(self, row: Logged, event: Event) -> None:
        self._logs.kept.append(replace(row, event=json.loads(encode(for_partner(event))), at=self._unit.now))

    def _erase(self, gone: list[Logged]) -> int:
        self._logs.kept[:] = [each for each in self._logs.kept if not any(each is one for one in gone)]
        return len(gone)


class MemoryDirectory(DirectoryCache):
    """The directory as it is at each moment; no partner has answered anything lately."""

    def __init__(self, partners: PartnerRepository, policy: MatchingPolicy) -> None:
        self._partners, self._policy = partners, policy

    def current(self) -> Directory:
        return Directory(self._partners.all())

    def matcher(self, loads: Callable[[Sequence[str]], Mapping[str, Load]]) -> Matcher:
        return Matcher(self.current(), loads, self._policy)


class ReferralInMemory(ServiceInMemory[Context]):
    """A whole referral service in memory. Offers are numbered in the order in which they are made."""

    def __init__(
        self, start: datetime, rules: tuple[MatchingPolicy, Deadlines] | None = None, vocabulary: Vocabulary | None = None
    ) -> None:
        super().__init__(start)
        self.policy, self.deadlines = rules or load_rules([SHIPPED_POLICY])
        self.vocabulary = vocabulary or load_vocabulary([SHIPPED_POLICY])
        self.cases, self.partners = CaseRecords(), Records[Partner]()
        self.engagements, self.log = Engagements(), PartnerLogs()
        self.steps: list[tuple[str, Step]] = []
        self.waiting_times = WaitingTimes(Metrics())
        self._numbers = count()

    def _context(self, unit: Unit, principal: Principal | None) -> Context:
        partners = MemoryPartners(self.partners)
        return Context(
            unit=unit,
            principal=principal,
            policy=self.policy,
            deadlines=self.deadlines,
            vocabulary=self.vocabulary,
            waiting_times=self.waiting_times,
            directory=MemoryDirectory(partners, self.policy),
            cases=MemoryCases(self.cases),
            timeline=MemoryTimeline(self.steps),
            partners=partners,
            engagements=MemoryEngagements(unit, self.engagements),
            partner_log=MemoryLog(unit, self.log),
            new_id=lambda: f"offer-{next(self._numbers)}",
        )
