"""What the use cases need from outside, and the bundle of it that one unit of work gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ngao.kernel.vocabulary import Vocabulary
from services.referral.cases.deadlines import Deadlines
from services.referral.cases.facts import Reason
from services.referral.cases.model import Case, Life
from services.referral.cases.news import ENDED_BADLY, MOVES, News
from services.referral.directory.model import Directory, Partner
from services.referral.matching.model import Load, Matcher, MatchingPolicy
from services.referral.offers.model import Offer


@dataclass(frozen=True)
class Hop:
    """One step of a case's story: what happened, who made it happen, and why."""

    at: datetime
    what: str
    actor: str
    text: str
    need: str = ""
    offer_id: str = ""
    partner_id: str = ""
    reason: str = ""
    reasons: tuple[Reason, ...] = ()


class Cases(Protocol):
    """Where cases are kept."""

    def get(self, case_ref: str) -> Case | None:
        """One case, or None."""
        ...

    def of_offer(self, offer_id: str) -> Case | None:
        """The case that an offer belongs to, or None."""
        ...

    def taken_by(self, partner_id: str) -> list[tuple[Case, Offer]]:
        """The offers that a partner has accepted and not ended yet, with their cases."""
        ...

    def due(self, now: datetime, limit: int) -> list[str]:
        """References of cases with a wait that is over, urgent ones first."""
        ...

    def latest(self, life: Life | None, limit: int) -> list[Case]:
        """Cases, the newest first, of one state or of all."""
        ...

    def put(self, case: Case) -> None:
        """Keep a new or changed case."""
        ...


class Partners(Protocol):
    """Where the directory is kept."""

    def get(self, partner_id: str) -> Partner | None:
        """One partner as it is at this moment, or None."""
        ...

    def all(self) -> list[Partner]:
        """Every partner, by id."""
        ...

    def put(self, partner: Partner) -> None:
        """Keep a new or changed partner."""
        ...


class Engagements(Protocol):
    """Who holds and was asked what: one small record for each offer, so that no two cases wait for one another."""

    def follow(self, offer: Offer) -> None:
        """Note where an offer stands: acceptance holds a place, its end frees it."""
        ...

    def reserve(self, offer: Offer, capacity: int) -> bool:
        """Hold one of the partner's places for a new offer; False when none is free. No place is ever held twice."""
        ...

    def confirm(self, offer: Offer, capacity: int) -> bool:
        """Whether an offer holds a place; one made before places were reserved gets one now, if one is free."""
        ...

    def loads(self, partner_ids: Sequence[str]) -> Mapping[str, Load]:
        """How busy these partners are."""
        ...

    def live_of(self, partner_ids: Sequence[str], limit: int) -> list[str]:
        """Offers that these partners have open or have taken, the oldest first."""
        ...

    def to_shut_out(self, distrusted: Sequence[str], revoked: Sequence[str], limit: int) -> list[str]:
        """Offers that partners must not have any more: open ones, and what revoked ones took and no human knows of."""
        ...


class Teller(Protocol):
    """Tells others what happened: events, partners' logs, the story, the audit."""

    def tell(self, case: Case, news: News) -> None:
        """Register one piece of news."""
        ...

    def vouched(self, case: Case, offer: Offer, partner: Partner) -> None:
        """Tell those who disclose to a partner at work what operators vouch for by now."""
        ...


class Story(Protocol):
    """Where the steps of cases are kept."""

    def note(self, case_ref: str, hop: Hop) -> None:
        """Keep one step."""
        ...

    def of(self, case_ref: str) -> list[Hop]:
        """All steps of a case, in the order of time."""
        ...


class PartnerLog(Protocol):
    """What partners were told, in an order that each can follow by a cursor."""

    def after(self, partner_id: str, cursor: int, limit: int) -> list[tuple[int, Mapping[str, Any]]]:
        """Events after a cursor, each with its own; a cursor that was given out is never followed by a smaller one."""
        ...

    def add(self, partner_id: str, event: Any) -> None:
        """Keep an event that the partner is told."""
        ...

    def add_box(self, partner_id: str, offer_id: str, part: str, event: Any) -> None:
        """Keep an event with a box that only the partner opens; `part` is contact or narrative."""
        ...

    def forget_boxes(self, offer_id: str, part: str | None = None) -> None:
        """Remove the boxes of an offer, all or those of one part."""
        ...


class Directories(Protocol):
    """The whole directory and how partners answered lately, kept at hand."""

    def matcher(self, loads: Callable[[Sequence[str]], Mapping[str, Load]]) -> Matcher:
        """A matcher over the directory as it is now (at most a second old)."""
        ...

    def current(self) -> Directory:
        """The directory itself, as old at most."""
        ...


@dataclass(frozen=True)
class Desk:
    """Everything a use case works with, within one unit of work."""

    now: datetime
    cases: Cases
    partners: Partners
    engagements: Engagements
    teller: Teller
    story: Story
    partner_log: PartnerLog
    directories: Directories
    deadlines: Deadlines
    policy: MatchingPolicy
    new_id: Callable[[], str]
    vocabulary: Vocabulary

    def known_or_new(self, case_ref: str) -> Case:
        """The case, or the beginning of one: the first fact about it has come, the other has its deadline."""
        waiting_until = self.now + self.deadlines.resolve_by
        return self.cases.get(case_ref) or Case(case_ref, created_at=self.now, waiting_until=waiting_until)

    def keep(self, case: Case) -> None:
        """Keep a case with all that follows from what happened to it."""
        for news in case.news:
            if news.offer is not None and news.kind in MOVES:
                self.engagements.follow(news.offer)
            if news.offer is not None and news.kind in ENDED_BADLY:
                self.partner_log.forget_boxes(news.offer.id)
            self.teller.tell(case, news)
        self.cases.put(case)


def rules_of(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    """Reasons as events and answers carry them."""
    return [{"rule": reason.rule, "text": reason.text} for reason in reasons]
