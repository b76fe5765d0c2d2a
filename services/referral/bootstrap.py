"""The only place where referral is put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from ngao.chassis.chassis import Chassis
from ngao.chassis.errors import Forbidden, Misconfigured, NotAllowedNow, NotFound
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.security.identity import Credential
from ngao.chassis.security.identity import new_key as make_key
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from services.referral import messages, policies
from services.referral.application.catch_up import Page, catch_up
from services.referral.application.decide_by_hand import match_again, settle_need
from services.referral.application.expire_due import expire_due
from services.referral.application.explain_match import Explained, explain_match
from services.referral.application.learn_consent import learn_consent
from services.referral.application.learn_defender import learn_defender
from services.referral.application.learn_report_changes import learn_update, learn_withdrawal
from services.referral.application.manage_partners import Kept, load_partners, put_partner
from services.referral.application.open_case import open_case
from services.referral.application.ports import Desk, Hop
from services.referral.application.take_reply import Answer, find_offer, take_reply
from services.referral.application.tell_case import note_message, tell_case
from services.referral.domain.case import Case, Life
from services.referral.domain.matching import Load
from services.referral.domain.offer import Reply, Taken
from services.referral.domain.partner import Partner
from services.referral.stopwatch import Stopwatch
from services.referral.storage.cases import CaseRepository, overdue_waits
from services.referral.storage.documents import DOCUMENTS
from services.referral.storage.partners import DirectoryCache, EngagementRepository, PartnerRepository
from services.referral.storage.telling import PartnerLogRepository, StoryRepository
from services.referral.storytelling import UnitTeller

T = TypeVar("T")

BATCH = 100
_log = get_logger("referral")


class PartnerCredentials:
    """Partners' bearer keys; a suspended partner's open nothing."""

    def __init__(self, chassis: Chassis) -> None:
        self._units = chassis.units

    def find(self, kind: str, id: str) -> Credential | None:  # noqa: A002  # the chassis' port
        """The account of a partner, or None."""
        partner = PartnerRepository(self._units.read()).get(id) if kind == "partner" else None
        return Credential("partner", id, partner.key_hashes, enabled=not partner.suspended) if partner else None


class App:
    """What the service class calls: each method opens a unit of work and runs one use case in it."""

    def __init__(self, chassis: Chassis) -> None:
        self.credentials = PartnerCredentials(chassis)
        self._chassis = chassis
        self._policy, self._deadlines = policies.load_rules(chassis.settings.policy_directories)
        self._directories = DirectoryCache(chassis.clock, self._policy)
        self._watch = Stopwatch(chassis.metrics)

    # Events of others: the chassis commits the unit

    def report_accepted(self, unit: Unit, event: Event) -> None:
        """Open the case."""
        open_case(self._desk(unit), event.data["case_ref"], *messages.report_of(event))

    def report_updated(self, unit: Unit, event: Event) -> None:
        """Take later facts."""
        learn_update(self._desk(unit), event.data["case_ref"], *messages.update_of(event))

    def report_withdrawn(self, unit: Unit, event: Event) -> None:
        """Recall everything."""
        learn_withdrawal(self._desk(unit), event.data["case_ref"])

    def defender_resolved(self, unit: Unit, event: Event) -> None:
        """Take the restrictions."""
        learn_defender(self._desk(unit), event.data["case_ref"], messages.defender_of(event))

    def consent_changed(self, unit: Unit, event: Event) -> None:
        """Offer or recall by the new consent."""
        learn_consent(self._desk(unit), event.data["case_ref"], *messages.consent_of(event))

    def message_told(self, unit: Unit, event: Event) -> None:
        """Add a message of notify to the story."""
        note_message(self._desk(unit), event.data["case_ref"], messages.hop_of_message(event))

    def partner_posted(self, unit: Unit, post: messages.Post) -> None:
        """Take a reply that came over AMQP; what is too early is kept, because AMQP may have reordered it."""
        partner_id, reply, unit.traceparent = messages.reply_of(post)
        take_reply(self._desk(unit), partner_id, reply, keep_early=True)

    # Partners over HTTP

    def reply(self, partner_id: str, reply: Reply, trace: str) -> Answer:
        """Take a reply that came over HTTP; raises NotFound, NotAllowedNow with the offer's present state."""
        answer = self._run(lambda desk: _hidden(lambda: take_reply(desk, partner_id, reply, keep_early=False)), trace)
        if answer.taken in {Taken.EARLY, Taken.LATE}:
            raise NotAllowedNow(f"The offer is {answer.offer.state.value}; this reply is not possible now.", slug="offer-state")
        return answer

    def offer(self, partner_id: str, offer_id: str) -> Answer:
        """Where one of the partner's own offers stands; raises NotFound."""
        case, offer = _hidden(lambda: find_offer(self._reading(), partner_id, offer_id))
        return Answer(Taken.REPEAT, case.id, offer, case.urgency)

    def catch_up(self, partner_id: str, after: int, limit: int) -> Page:
        """What the partner was told after a cursor."""
        return self._run(lambda desk: catch_up(desk, partner_id, after, limit))

    # Operators

    def put_partner(self, partner: Partner, operator_id: str, *, new_key: bool) -> Kept:
        """Create or replace a partner."""

        def work(unit: Unit) -> Kept:
            kept = put_partner(self._desk(unit), partner, make_key, new_key=new_key)
            detail = {"key": "new" if kept.key else "kept", "suspended": str(partner.suspended).lower()}
            unit.audit("partner.put", subject=partner.id, actor=f"operator-{operator_id}", detail=detail)
            return kept

        kept = self._chassis.units.run(work)
        self._directories.forget()
        return kept

    def public_key_of(self, partner_id: str) -> str:
        """What boxes for the partner are sealed to; empty when there is no such partner, or it has no key yet."""
        known = self._reading().partners.get(partner_id)
        return known.public_key if known else ""

    def partner(self, partner_id: str) -> tuple[Partner, Load]:
        """One partner and its load; raises NotFound."""
        desk = self._reading()
        partner = desk.partners.get(partner_id)
        if partner is None:
            raise NotFound("There is no such partner.")
        return partner, desk.engagements.loads([partner_id]).get(partner_id, Load())

    def partners(self) -> list[tuple[Partner, Load]]:
        """The directory with everyone's load."""
        desk = self._reading()
        partners = desk.partners.all()
        loads = desk.engagements.loads([partner.id for partner in partners])
        return [(partner, loads.get(partner.id, Load())) for partner in partners]

    def cases(self, life: Life | None, limit: int) -> list[Case]:
        """Cases, the newest first."""
        return self._reading().cases.latest(life, limit)

    def story(self, case_ref: str, operator_id: str) -> tuple[Case, list[Hop]]:
        """A case and its story; the reading is audited."""
        return self._audited("case.read", case_ref, operator_id, lambda desk: tell_case(desk, case_ref))

    def explain(self, case_ref: str, operator_id: str, partner_id: str | None) -> list[Explained]:
        """The dry run of a match; the reading is audited."""
        return self._audited("case.match_read", case_ref, operator_id, lambda desk: explain_match(desk, case_ref, partner_id))

    def match_again(self, case_ref: str, operator_id: str) -> Case:
        """Match what a human holds now."""
        return self._audited("case.match_again", case_ref, operator_id, lambda desk: match_again(desk, case_ref))

    def settle(self, case_ref: str, need: str, reason: str, operator_id: str) -> Case:
        """Settle a need by a human's word."""
        return self._run(lambda desk: settle_need(desk, case_ref, need, reason, operator_id))

    # Time

    def expire_due(self) -> int:
        """End the waits that are over, urgent ones first; one case's trouble does not hold up the others."""
        done = 0
        for case_ref in self._reading().cases.due(self._chassis.clock.now(), BATCH):
            try:
                done += self._run(partial(expire_due, case_ref=case_ref))
            except Exception as error:  # noqa: BLE001  # logged by type; the next tick tries again
                _log.error("deadline.failed", case_ref=case_ref, **describe_error(error))
        return done

    def measure(self) -> None:
        """Tell what should have ended and has not: a deadline that nobody keeps is how a case would be forgotten."""
        now = self._chassis.clock.now()
        for what, ends in overdue_waits(now).items():
            self._chassis.metrics.overdue(what, len(ends), max(((now - end).total_seconds() for end in ends), default=0.0))

    def load_partners(self, path: Path) -> int:
        """Add the partners of a file that are not known yet; raises Misconfigured."""
        listed = policies.load_directory(path)
        return self._run(lambda desk: load_partners(desk, listed))

    def _desk(self, unit: Unit) -> Desk:
        partners, story, partner_log = PartnerRepository(unit), StoryRepository(unit), PartnerLogRepository(unit)
        return Desk(
            now=unit.now,
            cases=CaseRepository(unit),
            partners=partners,
            engagements=EngagementRepository(unit),
            teller=UnitTeller(unit, partners, story, partner_log, told=self._deadlines.told, watch=self._watch),
            story=story,
            partner_log=partner_log,
            directories=self._directories,
            deadlines=self._deadlines,
            policy=self._policy,
            new_id=lambda: str(uuid4()),
        )

    def _reading(self) -> Desk:
        return self._desk(self._chassis.units.read())

    def _run(self, work: Callable[[Desk], T], trace: str | None = None) -> T:
        return self._chassis.units.run(lambda unit: work(self._desk(unit)), trace)

    def _audited(self, action: str, case_ref: str, operator_id: str, work: Callable[[Desk], T]) -> T:
        def audited(unit: Unit) -> T:
            unit.audit(action, subject=case_ref, actor=f"operator-{operator_id}")
            return work(self._desk(unit))

        return self._chassis.units.run(audited)


def _hidden(work: Callable[[], T]) -> T:
    """Another partner's offer looks to this one as if it were not there."""
    try:
        return work()
    except Forbidden:
        raise NotFound("There is no such offer.") from None


def build(chassis: Chassis) -> App:
    """Read the policy, make the indexes, load the first directory; raises Misconfigured."""
    own = dict(chassis.settings.own)
    first = own.pop("partners_file", None)
    if own:
        raise Misconfigured(f"The section [own] has unknown keys: {', '.join(sorted(own))}.")
    app = App(chassis)
    chassis.open(DOCUMENTS)
    if first:
        app.load_partners(Path(first))
    chassis.gauges.every(OFTEN_S, app.measure)
    chassis.forget_by(policies.read_retention(chassis.settings.policy_directories))
    return app
