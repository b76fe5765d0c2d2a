"""The only place where referral is put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.chassis import Chassis
from ngao.chassis.errors import Forbidden, Misconfigured, NotAllowedNow, NotFound
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.security.identity import new_key as make_key
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from ngao.kernel.actors import Actor
from services.referral import messages
from services.referral import policy as policies
from services.referral.cases.announcing import UnitTeller
from services.referral.cases.decide_by_hand import match_again, settle_need
from services.referral.cases.end_waits import expire_due
from services.referral.cases.learn_consent import learn_consent
from services.referral.cases.learn_defender import learn_defender
from services.referral.cases.learn_update import learn_update, learn_withdrawal
from services.referral.cases.model import Case, Life
from services.referral.cases.open_case import open_case
from services.referral.cases.show_case import note_message, tell_case
from services.referral.cases.store import CaseRepository, overdue_waits
from services.referral.cases.waiting_times import Stopwatch
from services.referral.directory.credentials import PartnerCredentials
from services.referral.directory.model import Partner
from services.referral.directory.put_partner import Kept, gives_what_opens, load_partners, put_partner, revoke_partner
from services.referral.directory.store import DirectoryCache, EngagementRepository, PartnerRepository, Promised
from services.referral.matching.explain_match import Explained, explain_match
from services.referral.matching.model import Load
from services.referral.offers import partner_posts
from services.referral.offers.model import Offer, Reply, Taken
from services.referral.offers.note_disclosure import note_disclosure
from services.referral.offers.shut_out import held_by, shut_out
from services.referral.offers.take_reply import Answer, find_offer, take_reply
from services.referral.partner_log.catch_up import Page, catch_up
from services.referral.partner_log.store import PartnerLogRepository, StoryRepository
from services.referral.ports import Desk, Hop
from services.referral.storage.documents import DOCUMENTS

T = TypeVar("T")

BATCH = 100
_log = get_logger("referral")


class App:
    """What the service class calls: each method opens a unit of work and runs one use case in it."""

    def __init__(self, chassis: Chassis) -> None:
        self.credentials = PartnerCredentials(chassis)
        self._chassis = chassis
        self._policy, self._deadlines = policies.load_rules(chassis.settings.policy_directories)
        self._directories, self._promised = DirectoryCache(chassis.clock, self._policy), Promised()
        self.retention = policies.read_retention(chassis.settings.policy_directories)
        self._watch, self._vocabulary = Stopwatch(chassis.metrics), policies.load_vocabulary(chassis.settings.policy_directories)

    # Events of others: the chassis commits the unit

    def report_accepted(self, unit: Unit, event: Event) -> None:
        """Open the case."""
        open_case(self._desk(unit), event.data["case_ref"], *messages.report_of(event))

    def report_updated(self, unit: Unit, event: Event) -> None:
        """Take later facts."""
        learn_update(self._desk(unit), event.data["case_ref"], *messages.update_of(event))

    def report_withdrawn(self, unit: Unit, event: Event) -> None:
        """Recall everything."""
        learn_withdrawal(self._desk(unit), event.data["case_ref"], event.sequence or 0)

    def defender_resolved(self, unit: Unit, event: Event) -> None:
        """Take the restrictions."""
        learn_defender(self._desk(unit), event.data["case_ref"], messages.defender_of(event))

    def consent_changed(self, unit: Unit, event: Event) -> None:
        """Offer or recall by the new consent."""
        learn_consent(self._desk(unit), event.data["case_ref"], messages.consent_of(event))

    def disclosed(self, unit: Unit, event: Event) -> None:
        """Note that something was disclosed or withheld, and keep the event for the partner's catch-up."""
        note_disclosure(self._desk(unit), messages.disclosure_of(event), event)

    def message_told(self, unit: Unit, event: Event) -> None:
        """Add a message of notify to the story."""
        note_message(self._desk(unit), event.data["case_ref"], messages.hop_of_message(event))

    def partner_posted(self, unit: Unit, post: partner_posts.Post) -> None:
        """Take a reply that came over AMQP; what is too early is kept, because AMQP may have reordered it.

        What cannot be taken is answered at once: a partner that hears nothing would wait until its offer runs out.
        """
        partner_id = partner_posts.partner_of(post)
        with partner_posts.answering(partner_id, post):
            posted = partner_posts.reply_in(post)
            unit.traceparent = posted.traceparent
            answer = _hidden(lambda: take_reply(self._desk(unit), partner_id, posted.reply, keep_early=True))
        if posted.ignored:
            unit.emit(partner_posts.ignored_event(partner_id, posted), to=PARTNERS)
        if answer.taken is Taken.LATE and answer.offer.state not in messages.STATES_TOLD:
            unit.emit(partner_posts.late_event(partner_id, answer.offer), to=PARTNERS)

    # Partners over HTTP

    def reply(self, partner_id: str, reply: Reply, trace: str) -> Answer:
        """Take a reply that came over HTTP; raises NotFound, NotAllowedNow with the offer's present state."""
        answer = self._run(lambda desk: _hidden(lambda: take_reply(desk, partner_id, reply, keep_early=False)), trace)
        if answer.taken in {Taken.EARLY, Taken.LATE}:
            detail = f"The offer is {answer.offer.state.value}; this reply is not possible now."
            raise NotAllowedNow(detail, slug="offer-state", errors=[partner_posts.state_error(answer.offer)])
        return answer

    def offer(self, partner_id: str, offer_id: str) -> Answer:
        """Where one of the partner's own offers stands; raises NotFound."""
        case, offer = _hidden(lambda: find_offer(self._reading(), partner_id, offer_id))
        return Answer(Taken.REPEAT, case.ref_for(offer), offer, case.urgency)

    def catch_up(self, partner_id: str, after: int, limit: int) -> Page:
        """What the partner was told after a cursor."""
        return self._run(lambda desk: catch_up(desk, partner_id, after, limit))

    # Operators

    def put_partner(self, partner: Partner, operator_id: str, *, new_key: bool) -> Kept:
        """Create or replace a partner."""

        def work(unit: Unit) -> Kept:
            kept = put_partner(self._desk(unit), partner, make_key, new_key=new_key)
            detail = {"key": "new" if kept.key else "kept", "suspended": str(partner.suspended).lower()}
            unit.audit("partner.put", subject=partner.id, actor=Actor.operator(operator_id), detail=detail)
            return kept

        kept = self._chassis.units.run(work)
        self._directories.forget()
        self.shut_out()
        return kept

    def gives_what_opens(self, partner: Partner, *, new_key: bool) -> bool:
        """Whether to keep the partner like this takes two operators."""
        return gives_what_opens(self._reading(), partner, new_key=new_key)

    def revoke_partner(self, partner_id: str, operator_id: str) -> list[tuple[Case, Offer]]:
        """Shut a partner out, take its open offers back at once, and give what it had taken; raises NotFound."""

        def work(unit: Unit) -> None:
            revoke_partner(self._desk(unit), partner_id)
            unit.audit("partner.revoked", subject=partner_id, actor=Actor.operator(operator_id))

        self._chassis.units.run(work)
        self._directories.forget()
        self.shut_out()
        self.forget_boxes_of(partner_id)
        return self.offers_of(partner_id)

    def offers_of(self, partner_id: str) -> list[tuple[Case, Offer]]:
        """What a partner has open or has taken, the oldest first; raises NotFound."""
        return held_by(self._reading(), partner_id)

    def shut_out(self) -> int:
        """Take back what partners that are not trusted any more were offered; others' trouble does not hold up one offer."""
        directory = self._directories.current()
        distrusted, revoked = directory.distrusted(), directory.revoked()
        offers = self._reading().engagements.to_shut_out(distrusted, revoked, BATCH)
        return self._each(offers, shut_out, "shut_out.failed")

    def forget_boxes_of(self, partner_id: str) -> None:
        """Remove every box that a revoked partner could have read."""
        self._repeat(lambda log: log.forget_boxes_of(partner_id, BATCH))

    def forget(self) -> None:
        """Remove boxes that are past their time."""
        before = self.retention.before("boxes", "disclosed", self._chassis.clock.now())
        self._repeat(lambda log: log.forget_old_boxes(before, BATCH))

    def _repeat(self, work: Callable[[PartnerLogRepository], int]) -> None:
        while self._chassis.units.run(lambda unit: work(PartnerLogRepository(unit))):
            pass

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
        due = self._reading().cases.due(self._chassis.clock.now(), BATCH)
        return self._each(due, expire_due, "deadline.failed")

    def _each(self, references: list[str], work: Callable[[Desk, str], bool], failed: str) -> int:
        done = 0
        for reference in references:
            try:
                done += self._run(lambda desk: work(desk, reference))  # noqa: B023  # run before the next turn
            except Exception as error:  # noqa: BLE001  # logged by type; the next tick tries again
                _log.error(failed, reference=reference, **describe_error(error))
        return done

    def measure(self) -> None:
        """Measure what should have ended and has not: a deadline that nobody keeps is how a case would be forgotten."""
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
            engagements=EngagementRepository(unit, self._promised),
            teller=UnitTeller(
                unit, partners, story, partner_log, told=self._deadlines.told, showing=self._policy.showing, watch=self._watch,
            ),
            story=story,
            partner_log=partner_log,
            directories=self._directories,
            deadlines=self._deadlines,
            policy=self._policy,
            new_id=lambda: str(uuid4()), vocabulary=self._vocabulary,
        )

    def _reading(self) -> Desk:
        return self._desk(self._chassis.units.read())

    def _run(self, work: Callable[[Desk], T], trace: str | None = None) -> T:
        return self._chassis.units.run(lambda unit: work(self._desk(unit)), trace)

    def _audited(self, action: str, case_ref: str, operator_id: str, work: Callable[[Desk], T]) -> T:
        def audited(unit: Unit) -> T:
            unit.audit(action, subject=case_ref, actor=Actor.operator(operator_id))
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
    chassis.forget_by(app.retention)
    return app
