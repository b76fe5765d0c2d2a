"""The only wiring: ports to adapters and repositories, use cases to what calls them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from ngao.chassis.chassis import Chassis
from ngao.chassis.errors import Conflict, InvalidInput
from ngao.chassis.measuring import OFTEN_S, SELDOM_S
from ngao.chassis.security.identity import Credentials, Principal
from ngao.chassis.security.sealed_boxes import OwnBoxes
from ngao.chassis.storage.recipients import UnitRecipients, Vouchers
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, FieldError
from ngao.kernel.consent import Statement
from services.registry import messages
from services.registry.candidates.decisions_of_two import link_loosens, separation_loosens
from services.registry.candidates.review import link_candidate, separate_candidate
from services.registry.cases.follow import learn_update, learn_withdrawal
from services.registry.consent.change import ConsentSaid, change_consent
from services.registry.disclosure.disclose import contact_may_leave, disclose_contact, end_disclosure
from services.registry.people.absorb import absorb_case
from services.registry.people.documents import DOCUMENTS
from services.registry.people.forget import forget_cases, forget_people
from services.registry.people.keys import UnitKeys
from services.registry.people.model import Person
from services.registry.people.name_for_source import name_for_source
from services.registry.people.names import name_keys
from services.registry.people.read import (
    Reader,
    Record,
    Review,
    list_candidates,
    tell_defender,
    tell_defender_of_case,
)
from services.registry.people.reading import LibraryReading
from services.registry.people.resolution import Candidate
from services.registry.people.resolve import resolve_defender
from services.registry.people.restrict import add_restriction, lift_restriction
from services.registry.people.store import (
    CandidateRepository,
    CaseRepository,
    DefenderRepository,
    DisclosureRepository,
    withheld_for_keys,
)
from services.registry.policy import read_policy, read_retention
from services.registry.ports import Ports
from services.registry.rules import IdentityPolicy

SEES_IDENTITY = "identity:read"
_AT_ONCE = 100
_KEYS_LOOKED_AT = timedelta(days=7)

T = TypeVar("T")


class App:
    """What the service calls. Nobody but operators, whom the chassis knows, logs in here: `credentials` is None."""

    credentials: Credentials | None = None

    def __init__(self, chassis: Chassis, policy: IdentityPolicy, boxes: OwnBoxes, vouchers: Vouchers) -> None:
        self._units = chassis.units
        self._metrics = chassis.metrics
        self._policy = policy
        self._boxes = boxes
        self._vouchers = vouchers
        self._reading = LibraryReading(policy.default_region, policy.placeholders)
        self._name_keys = partial(name_keys, same_sounds=policy.matching.same_sounds)

    def report_accepted(self, unit: Unit, event: Event) -> None:
        """`intake.report.accepted`: find out who it is."""
        resolve_defender(self._ports(unit), messages.accepted_report(event))

    def report_updated(self, unit: Unit, event: Event) -> None:
        """`intake.report.updated`: the source's consents as they are now, and what it corrects about the person."""
        learn_update(
            self._ports(unit), event.data["case_ref"], messages.consents_of(event.data["consent"], event.time),
            urgent=event.data["urgency"] == "critical", sequence=event.sequence, sealed=messages.box_of(event),
        )

    def report_withdrawn(self, unit: Unit, event: Event) -> None:
        """`intake.report.withdrawn`."""
        learn_withdrawal(self._ports(unit), event.data["case_ref"], sequence=event.sequence)

    def offer_accepted(self, unit: Unit, event: Event) -> None:
        """`referral.accepted`: disclose or withhold."""
        disclose_contact(self._ports(unit), messages.accepted_offer(event))

    def offer_ended(self, unit: Unit, event: Event) -> None:
        """`referral.completed`, `.failed`, `.recalled`: the partner gets no corrections any more."""
        data = event.data
        end_disclosure(self._ports(unit), data["case_ref"], data["offer_id"], data["partner_id"], data["case_salt"])

    def contact_may_leave(self, unit: Unit, event: Event) -> bool:
        """`registry.contact.disclosed` is about to be sent: whether it still may be."""
        return contact_may_leave(self._ports(unit), event.data["offer_id"])

    def defender(self, ref: str, who: Principal, reason: str) -> Record:
        """One record, read with a reason."""
        return self._run(lambda ports: tell_defender(ports, ref, self._reader(who, reason)))

    def defender_of_case(self, case_ref: str, who: Principal, reason: str) -> Record:
        """The record of a case's person, read with a reason."""
        return self._run(lambda ports: tell_defender_of_case(ports, case_ref, self._reader(who, reason)))

    def restrict(self, ref: str, partner_id: str, reason: str, who: Principal) -> Person:
        """Never refer the person to this partner; raises InvalidInput for a reason that policy does not know."""
        _check_reason(reason, self._policy.restriction_reasons)
        return self._run(lambda ports: add_restriction(ports, ref, partner_id, reason, who.actor))

    def lift(self, ref: str, partner_id: str, who: Principal) -> Person:
        """Take a restriction back."""
        return self._run(lambda ports: lift_restriction(ports, ref, partner_id, who.actor))

    def name_for_source(self, ref: str, source_id: str, who: Principal) -> str:
        """A reference of the person that means something to one source only."""
        return self._run(lambda ports: name_for_source(ports, ref, source_id, who.actor))

    def consent(self, ref: str, said: dict[str, Any], who: Principal) -> list[str]:
        """What the person told an operator; gives the cases that heard of it."""
        return self._run(lambda ports: change_consent(ports, _said(ports, ref, said, who)))

    def candidates(self, who: Principal, reason: str) -> list[Review]:
        """What waits for a human."""
        return self._run(lambda ports: list_candidates(ports, self._reader(who, reason), _AT_ONCE))

    def link(self, case_ref: str, to: str, who: Principal) -> Candidate:
        """The case's person is this one."""
        return self._run(lambda ports: link_candidate(ports, case_ref, to, who.actor))

    def separate(self, case_ref: str, who: Principal) -> Candidate:
        """The case's person is nobody known."""
        return self._run(lambda ports: separate_candidate(ports, case_ref, who.actor))

    def link_loosens(self, case_ref: str, to: str) -> bool:
        """Whether a link takes two operators; raises NotFound, NotAllowedNow."""
        return link_loosens(self._ports(self._units.read()), case_ref, to)

    def separation_loosens(self, case_ref: str) -> bool:
        """Whether a separation takes two operators; raises NotFound."""
        return separation_loosens(self._ports(self._units.read()), case_ref)

    def absorb(self) -> int:
        """Let records take over what later reports told; gives how many cases."""
        waiting = [case.id for case in self._ports(self._units.read()).cases.unabsorbed(_AT_ONCE)]
        for case_ref in waiting:
            self._absorb(case_ref)
        return len(waiting)

    def forget(self) -> None:
        """Forget what is past its time, with the keys of what nothing needs any more; batch after batch."""
        for forget in (forget_cases, forget_people):
            while self._run(lambda ports, forget=forget: forget(ports, _AT_ONCE)):  # type: ignore[misc]
                continue

    def measure(self) -> None:
        """Tell what should be forgotten by now and is not."""
        unit, rules = self._units.read(), self._policy.retention
        received, withdrawn = (unit.now - timedelta(days=days) for days in (rules.case_days, rules.withdrawn_days))
        late, longest = CaseRepository(unit).overdue(received=received, withdrawn=withdrawn)
        self._metrics.overdue("retention", late, longest.total_seconds())

    def measure_keys(self) -> None:
        """Tell what was withheld because nobody vouches for a partner's keys: an operator can end it."""
        unit = self._units.read()
        count, first = withheld_for_keys(unit.now - _KEYS_LOOKED_AT)
        self._metrics.overdue("partner_keys", count, (unit.now - first).total_seconds() if first else 0.0)

    def _reader(self, who: Principal, reason: str) -> Reader:
        _check_reason(reason, self._policy.read_reasons)
        return Reader(who.actor, reason, SEES_IDENTITY in who.scopes)

    def _absorb(self, case_ref: str) -> None:
        try:
            self._run(lambda ports: absorb_case(ports, case_ref))
        except Conflict:
            return  # somebody else keeps writing this record; the next tick finds the case again

    def _run(self, work: Callable[[Ports], T]) -> T:
        return self._units.run(lambda unit: work(self._ports(unit)))

    def _ports(self, unit: Unit) -> Ports:
        return Ports(
            now=unit.now,
            policy=self._policy,
            defenders=DefenderRepository(unit, self._name_keys, self._policy.placeholders),
            cases=CaseRepository(unit),
            candidates=CandidateRepository(unit),
            disclosures=DisclosureRepository(unit),
            keys=UnitKeys(unit),
            boxes=self._boxes,
            recipients=UnitRecipients(unit, self._vouchers),
            reading=self._reading,
            voice=messages.UnitVoice(unit),
            audit=messages.UnitAudit(unit),
        )


def build(chassis: Chassis) -> App:
    """Read policy and keys, make the indexes; raises Misconfigured."""
    policy = read_policy(chassis.settings.policy_directories)
    chassis.open(DOCUMENTS)
    keys = chassis.settings.keys_directory
    app = App(chassis, policy, OwnBoxes(keys), Vouchers(keys))
    chassis.rechecks.register(messages.CONTACT_DISCLOSED, app.contact_may_leave)
    chassis.gauges.every(SELDOM_S, app.measure)
    chassis.gauges.every(OFTEN_S, app.measure_keys)
    chassis.forget_by(read_retention(chassis.settings.policy_directories))
    return app


def _check_reason(reason: str, known: tuple[str, ...]) -> None:
    if reason not in known:
        detail = f"Must be one of: {', '.join(known)}."
        raise InvalidInput("The reason is not one that policy knows.", [FieldError("/reason", "unknown_code", detail)])


def _said(ports: Ports, ref: str, said: dict[str, Any], who: Principal) -> ConsentSaid:
    scope = tuple(sorted(set(said["scope"])))
    statement = Statement(said["purpose"], scope, said["recipient"], said["until"], ports.now, said["granted"])
    return ConsentSaid(ref, statement, said["case_ref"], who.actor)
