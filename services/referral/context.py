"""The context of referral's use cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar
from uuid import uuid4

from ngao.chassis.chassis import Chassis
from ngao.chassis.handlers import Parts, UnitContext
from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.vocabulary import Vocabulary
from services.referral.cases.deadlines import Deadlines
from services.referral.cases.store import CaseRepository, TimelineRepository
from services.referral.cases.waiting_times import WaitingTimes
from services.referral.directory.credentials import PartnerCredentials
from services.referral.directory.load_partners import load_partners
from services.referral.directory.store import PartnerRepository
from services.referral.matching.model import MatchingPolicy
from services.referral.matching.store import DirectoryCache
from services.referral.offers.store import EngagementRepository, Promised
from services.referral.partner_log.store import PartnerLogRepository
from services.referral.policy import check_paces, load_directory, load_rules, load_vocabulary, read_retention
from services.referral.settings import OwnSettings

BATCH = 100
"""How many records one turn of a timer works through."""


@dataclass
class Context(UnitContext):
    """One unit of work: the rules, what the process keeps in memory, and the repositories."""

    service: ClassVar[str] = "referral"
    policy: MatchingPolicy
    deadlines: Deadlines
    vocabulary: Vocabulary
    waiting_times: WaitingTimes
    directory: DirectoryCache
    cases: CaseRepository
    timeline: TimelineRepository
    partners: PartnerRepository
    engagements: EngagementRepository
    partner_log: PartnerLogRepository
    new_id: Callable[[], str] = lambda: str(uuid4())


class ReferralParts(Parts[Context]):
    """Policy, the directory in memory, and the places that were promised a moment ago."""

    def __init__(self, chassis: Chassis) -> None:
        super().__init__(chassis)
        directories = chassis.settings.policy_directories
        self.settings = OwnSettings.read(chassis.settings.own)
        self.policy, self.deadlines = load_rules(directories)
        self.vocabulary = load_vocabulary(directories)
        check_paces(self.deadlines, self.vocabulary)
        self.retention = read_retention(directories)
        self.credentials = PartnerCredentials(chassis)
        self.directory, self._promised = DirectoryCache(chassis.clock, self.policy), Promised()
        self._waiting_times = WaitingTimes(chassis.metrics)
        chassis.expire_parked_by(self.retention)

    def begin(self) -> None:
        """Load the first directory; raises Misconfigured."""
        if self.settings.partners_file:
            listed = load_directory(self.settings.partners_file)
            self.run(lambda ctx: load_partners(ctx.partners, listed, self.vocabulary, self.policy.timezone))

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        """Return the context of one unit of work."""
        return Context(
            unit,
            principal,
            self.policy,
            self.deadlines,
            self.vocabulary,
            self._waiting_times,
            self.directory,
            cases=CaseRepository(unit),
            timeline=TimelineRepository(unit),
            partners=PartnerRepository(unit),
            engagements=EngagementRepository(unit, self._promised),
            partner_log=PartnerLogRepository(unit),
        )
