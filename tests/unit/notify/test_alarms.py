"""One cause, one ladder: a case asks one human at a time, and nothing that nobody was asked about counts as covered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngao.testing.notify import Roster, shipped_policy
from services.notify.channels.outgoing import Outcome, Result
from services.notify.ladders.acknowledge import acknowledge
from services.notify.ladders.ask_again import ask_again
from services.notify.ladders.escalate import escalate_message
from services.notify.ladders.model import AlarmState, alarm_to_ask_again
from services.notify.messages.model import Message, State
from services.notify.messages.plan import plan_messages
from services.notify.messages.record_outcome import record_outcome
from services.notify.messages.send import LEASE
from services.notify.roster.model import DUTY_OFFICER, Contact, Recipient
from services.notify.rules import Policy, Rule
from tests.support.notify import CASE, NotifyUnderTest, facts, officers, partner

POLICY = shipped_policy()
ALL = ("duty-officer", "deputy", "coordinator")
TAKEN, UNKNOWN_USER = Outcome(Result.ACCEPTED), Outcome(Result.PERMANENT_FAILURE, "smtp_550_5.1.1")
REFUSED_ACCOUNT = Outcome(Result.TRANSIENT_FAILURE, "smtp_421", for_all=True)


class Desk(NotifyUnderTest):
    """Notify in memory, with what the mail server answers and the time in the test's hand."""

    def __init__(self, *people: str, policy: Policy = POLICY) -> None:
        super().__init__(*officers(*people), partner("clinic"), policy=policy)
        self.heard = 0

    def hear(
        self, event: str, urgency: str = "critical", about: str = "", *, risen: bool = False, partner_id: str = "clinic"
    ) -> None:
        self.heard += 1
        self.clock.advance(timedelta(seconds=1))
        told = replace(facts(event, urgency, partner_id, f"event-{self.heard}", about), urgency_risen=risen)
        plan_messages(self.context(), told)

    def post(self, answer: Outcome = TAKEN, only_to: str | None = None) -> None:
        while leased := self.due_messages.lease_next(self.clock.now(), LEASE, urgent_only=False):
            mine = only_to is None or leased.recipient.ref == only_to
            record_outcome(self.context(), leased, answer if mine else TAKEN)

    def wait(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        for message_id in self.context().messages.overdue(self.clock.now(), self.policy.furthest, 100):
            escalate_message(self.context(), message_id)

    def acknowledge(self, message: Message, by: str = "grace") -> None:
        acknowledge(self.context(by), message.id)

    def add(self, person: str) -> None:
        self.context().roster.put(Contact(Recipient(DUTY_OFFICER, person), "email", "en"), f"{person}@example.org")
        ask_again(self.context(), CASE)

    def on_ladders(self) -> list[Message]:
        return [each for each in self.messages.kept.values() if each.ladder]

    def leads(self) -> list[Message]:
        return [each for each in self.on_ladders() if each.escalate_at]

    def letters(self) -> list[tuple[str, str]]:
        """Whom a letter went to or is on its way to, and which."""
        out = {State.QUEUED, State.SENDING, State.SENT}
        return [(each.recipient.ref, each.template) for each in self.on_ladders() if each.state in out or each.attempts]

    def state(self) -> AlarmState:
        return self.alarms.kept[CASE].state


def five_alarms(desk: Desk) -> None:
    desk.hear("intake.report.accepted")
    for need in ("legal_aid", "medical", "safe_house", "legal_aid"):
        desk.hear("referral.unroutable", about=need)


def test_a_broken_form_asks_one_human_once_in_the_time_of_high() -> None:
    desk = Desk(*ALL)
    for _ in range(40):
        desk.hear("intake.report.quarantined", "high")
    desk.post()
    assert desk.letters() == [("duty-officer", "not_readable")]
    desk.wait(30)
    desk.post()
    assert desk.letters() == [("duty-officer", "not_readable"), ("deputy", "not_readable")]


@pytest.mark.parametrize("minutes", [0, 30, 61])
def test_however_many_bodies_come_after_an_acknowledgement_they_ask_once_at_once(minutes: float) -> None:
    desk = Desk(*ALL)
    desk.hear("intake.report.quarantined", "high")
    desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    desk.wait(minutes)
    for _ in range(100):
        desk.hear("intake.report.quarantined", "high")
        desk.post()
    assert desk.letters() == [("duty-officer", "not_readable")] * 2
    assert [lead.cause for lead in desk.leads()] == ["event-2"]
    desk.wait(30)
    desk.post()
    assert desk.letters()[2:] == [("deputy", "not_readable")]
    desk.acknowledge(desk.leads()[0])
    assert (desk.leads(), desk.state()) == ([], AlarmState.ACKNOWLEDGED)


def test_a_source_that_posts_on_and_on_asks_no_more_often_than_it_is_acknowledged() -> None:
    desk = Desk(*ALL)
    for acknowledged in range(5):
        for _ in range(20):
            desk.hear("intake.report.quarantined", "high")
            desk.post()
        assert desk.letters() == [("duty-officer", "not_readable")] * (acknowledged + 1)
        desk.acknowledge(desk.leads()[0])


def test_five_alarms_of_one_case_ask_one_human_once_and_one_acknowledgement_covers_them() -> None:
    desk = Desk(*ALL)
    five_alarms(desk)
    desk.post()
    assert desk.letters() == [("duty-officer", "look_now")]
    desk.wait(10)
    desk.post()
    assert desk.letters() == [("duty-officer", "look_now"), ("deputy", "look_now")]
    desk.acknowledge(desk.on_ladders()[0])
    desk.wait(600)
    assert len(desk.letters()) == 2
    assert desk.state() is AlarmState.ACKNOWLEDGED
    assert [said[0] for said in desk.said].count("acknowledged") == 5


def test_what_comes_later_and_is_worse_asks_again_and_takes_the_lesser_alarm_along() -> None:
    desk = Desk(*ALL)
    desk.hear("referral.unroutable", "medium", "legal_aid")
    desk.post()
    desk.hear("referral.unroutable", "critical", "legal_aid")
    desk.post()
    assert desk.letters() == [("duty-officer", "nothing_found")] * 2
    (lead,) = desk.leads()
    assert (lead.urgency, lead.ladder) == ("critical", "critical")
    desk.acknowledge(lead)
    assert {each.state for each in desk.on_ladders()} == {State.ACKNOWLEDGED}


def test_acknowledging_the_lesser_alarm_does_not_stop_the_graver_one() -> None:
    desk = Desk(*ALL)
    desk.hear("referral.unroutable", "medium", "legal_aid")
    desk.post()
    desk.hear("intake.report.accepted", "critical")
    desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    desk.wait(10)
    assert ("deputy", "look_now") in desk.letters()


def test_a_graver_kind_of_the_same_urgency_asks_again() -> None:
    grave = Rule("referral.recalled.v1", DUTY_OFFICER, "look_now", ladder="critical", gravity=1)
    desk = Desk(*ALL, policy=replace(POLICY, rules=(grave, *POLICY.rules)))
    desk.hear("referral.unroutable", "critical", "legal_aid")
    desk.hear("referral.recalled", "critical")
    (lead,) = desk.leads()
    assert lead.template == "look_now"


def test_after_an_acknowledgement_a_repeat_asks_nobody_and_what_is_new_does() -> None:
    desk = Desk(*ALL)
    desk.hear("referral.unroutable", "critical", "legal_aid")
    desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    desk.hear("referral.unroutable", "critical", "legal_aid")
    assert desk.leads() == []
    desk.hear("referral.unroutable", "critical", "medical")
    assert [lead.about for lead in desk.leads()] == ["medical"]


def test_the_same_alarm_hours_after_its_acknowledgement_is_no_repeat() -> None:
    desk = Desk(*ALL)
    desk.hear("referral.unroutable", "critical", "legal_aid")
    desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    desk.wait(90)
    desk.hear("referral.unroutable", "critical", "legal_aid")
    assert len(desk.leads()) == 1


ANOTHER_EVENT = [
    ("referral.case.reopened", "critical", ""),
    ("intake.report.updated", "critical", ""),
    ("referral.failed", "critical", "1"),
    ("referral.helper.revoked", "high", "1"),
    ("referral.disclosure.missed", "critical", "1"),
]


@pytest.mark.parametrize("first", ["intake.report.accepted", "referral.failed", "referral.case.reopened"])
@pytest.mark.parametrize(("later", "urgency", "about"), ANOTHER_EVENT)
def test_an_acknowledgement_counts_for_no_other_event_of_the_case(first: str, later: str, urgency: str, about: str) -> None:
    desk = Desk(*ALL)
    desk.hear(first, "critical", about)
    desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    desk.wait(20)
    desk.hear(later, urgency, about, risen=True)
    (asked,) = desk.leads()
    assert (asked.cause, asked.acknowledged_by, desk.state()) == ("event-2", None, AlarmState.ASKED)
    desk.post()
    assert desk.letters() == [("duty-officer", "look_now")] * 2


@pytest.mark.parametrize(
    ("event", "about"),
    [
        ("referral.case.reopened", ""), ("intake.report.updated", ""), ("referral.disclosure.missed", "1"),
        ("referral.helper.revoked", "1"), ("referral.failed", "1"),
    ],
)  # fmt: skip
def test_what_happens_a_second_time_asks_a_second_time(event: str, about: str) -> None:
    desk = Desk(*ALL)
    for asked in ("event-1", "event-2"):
        desk.hear(event, "critical", about, risen=True)
        assert [lead.cause for lead in desk.leads()] == [asked]
        desk.post()
        desk.acknowledge(desk.leads()[0])
        desk.wait(20)


@pytest.mark.parametrize("event", ["referral.case.reopened", "referral.disclosure.missed", "referral.helper.revoked"])
@pytest.mark.parametrize("urgency", ["critical", "high", "medium", "low"])
def test_what_a_human_must_see_climbs_to_the_last_person_until_it_is_acknowledged(event: str, urgency: str) -> None:
    desk = Desk(*ALL)
    desk.hear(event, urgency, "1")
    desk.post()
    ladder = [step.officer for step in POLICY.ladders[desk.leads()[0].ladder or ""].steps]
    for person in ladder:
        assert desk.letters()[-1] == (person, "look_now")
        desk.wait(720)
        desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    assert (desk.leads(), desk.state()) == ([], AlarmState.ACKNOWLEDGED)


def test_two_lost_letters_to_two_partners_ask_twice() -> None:
    desk = Desk(*ALL)
    for partner_id in ("nobody-here", "nobody-there"):
        desk.hear("referral.recalled", "critical", partner_id=partner_id)
        assert [lead.template for lead in desk.leads()] == ["not_reached"]
        desk.acknowledge(desk.leads()[0])


def test_an_acknowledgement_that_a_version_before_stored_counts_for_nothing_that_comes_now() -> None:
    desk = Desk(*ALL)
    desk.hear("referral.unroutable", "critical", "1")
    desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    for message in desk.messages.kept.values():
        message.event = ""
    desk.hear("referral.unroutable", "critical", "1")
    assert [lead.cause for lead in desk.leads()] == ["event-2"]


def test_the_acknowledgement_of_somebody_asked_before_does_not_count_for_what_came_after() -> None:
    desk = Desk(*ALL)
    desk.hear("intake.report.accepted", "critical")
    desk.post()
    desk.wait(10)
    desk.post()
    first, second = desk.on_ladders()
    desk.acknowledge(first)
    desk.hear("referral.unroutable", "critical", "legal_aid")
    desk.acknowledge(second)
    assert [lead.about for lead in desk.leads()] == ["legal_aid"]


def test_when_the_covering_letter_reaches_nobody_what_it_covered_is_covered_no_more() -> None:
    desk = Desk(*ALL)
    five_alarms(desk)
    desk.post(UNKNOWN_USER)
    assert desk.state() is AlarmState.UNACKNOWLEDGED
    assert {each.state for each in desk.on_ladders()} == {State.FAILED}
    assert [said[2] for said in desk.said if said[0] == "failed"].count("operator") == 5


def test_when_the_last_address_of_a_ladder_is_dead_the_person_before_is_reminded() -> None:
    desk = Desk(*ALL)
    desk.hear("intake.report.accepted")
    desk.post()
    for _ in range(3):
        desk.wait(15)
        desk.post(UNKNOWN_USER, only_to="coordinator")
    sent = [each.recipient.ref for each in desk.on_ladders() if each.state is State.SENT]
    assert sent == ["duty-officer", "deputy", "deputy", "deputy"]
    assert desk.state() is AlarmState.ASKED


def test_what_was_covered_climbs_its_own_ladder_where_that_has_other_people() -> None:
    ladders = {name: replace(ladder, steps=ladder.steps[:1]) for name, ladder in POLICY.ladders.items() if name != "daily"}
    desk = Desk(*ALL, policy=replace(POLICY, ladders={**POLICY.ladders, **ladders}))
    desk.hear("intake.report.accepted", "critical")
    desk.hear("referral.failed", "medium", "legal_aid")
    desk.post(UNKNOWN_USER, only_to="duty-officer")
    assert [(lead.recipient.ref, lead.ladder) for lead in desk.leads()] == [("coordinator", "daily")]


def test_an_empty_roster_is_an_unheard_alarm_and_an_officer_who_is_added_is_asked_at_once() -> None:
    desk = Desk()
    five_alarms(desk)
    assert (desk.state(), desk.letters()) == (AlarmState.UNACKNOWLEDGED, [])
    desk.add("coordinator")
    desk.post()
    assert desk.letters() == [("coordinator", "look_now")]
    desk.acknowledge(next(each for each in desk.on_ladders() if each.state is State.SENT))
    assert desk.state() is AlarmState.ACKNOWLEDGED


def test_when_several_have_joined_the_first_of_the_ladder_is_asked_and_then_each_in_turn() -> None:
    desk = Desk()
    desk.hear("intake.report.accepted")
    desk.roster.update(Roster(*officers(*ALL)))
    refused = reversed(desk.on_ladders())  # stored in the same moment, they come in any order
    asked = alarm_to_ask_again(desk.context().situation, list(refused))
    assert asked
    assert asked.recipient.ref == "duty-officer"
    ask_again(desk.context(), CASE)
    for _ in range(4):
        desk.post()
        desk.wait(15)
    assert desk.letters() == [(person, "look_now") for person in (*ALL, "coordinator", "coordinator")]


def test_a_recall_that_cannot_reach_its_partner_asks_a_duty_officer() -> None:
    desk = Desk(*ALL)
    for key in [each for each in desk.roster if each.kind != DUTY_OFFICER]:
        del desk.roster[key]
    desk.hear("referral.recalled", "medium")
    assert desk.letters() == [("duty-officer", "not_reached")]


@pytest.mark.parametrize("before", ["low", "high"])
def test_an_urgency_that_rises_asks_exactly_as_a_first_report_of_it_would(before: str) -> None:
    first, risen = Desk(*ALL), Desk(*ALL)
    first.hear("intake.report.accepted", "critical")
    risen.hear("intake.report.accepted", before)
    risen.post()
    risen.hear("intake.report.updated", "critical", risen=True)
    (asked,), (asked_later,) = first.leads(), risen.leads()
    for each in ("template", "ladder", "urgent", "urgency", "recipient"):
        assert getattr(asked_later, each) == getattr(asked, each)


def test_an_update_that_raises_nothing_asks_nobody() -> None:
    desk = Desk(*ALL)
    desk.hear("intake.report.updated", "critical")
    assert desk.on_ladders() == []


def test_an_urgency_that_rises_again_after_the_case_was_seen_asks_again() -> None:
    desk = Desk(*ALL)
    desk.hear("intake.report.accepted", "high")
    desk.post()
    desk.acknowledge(desk.on_ladders()[0])
    desk.hear("intake.report.updated", "critical", risen=True)
    assert [lead.ladder for lead in desk.leads()] == ["critical"]


def test_a_lost_letter_about_a_critical_case_climbs_the_ladder_of_a_critical_report() -> None:
    desk = Desk(*ALL)
    desk.hear("referral.offered", "critical")
    desk.post(UNKNOWN_USER, only_to="clinic")
    assert [(lead.template, lead.ladder) for lead in desk.leads()] == [("not_reached", "critical")]


def test_an_acknowledged_lesser_alarm_does_not_count_for_the_graver_one_that_covers_it() -> None:
    desk = Desk("duty-officer")
    desk.hear("intake.report.accepted", "high")
    desk.hear("intake.report.accepted", "critical")
    covered = next(each for each in desk.on_ladders() if each.covered_by)
    desk.acknowledge(covered)
    assert [lead.cause for lead in desk.leads()] == ["event-2"]
    desk.post()
    for _ in range(20):
        desk.wait(60)
        desk.post()
    assert desk.leads() == []
    assert desk.state() is AlarmState.UNACKNOWLEDGED


def test_a_covered_message_to_a_later_person_does_not_end_the_ladder_that_asks_for_itself() -> None:
    desk = Desk(*ALL)
    desk.hear("intake.report.accepted", "critical")
    _post_once(desk, UNKNOWN_USER)
    desk.hear("intake.report.accepted", "high")
    assert [lead.recipient.ref for lead in desk.leads()] == ["deputy"]
    for _ in range(10):
        if [lead.cause for lead in desk.leads()] == ["event-1"]:
            _post_once(desk, UNKNOWN_USER)
    assert [each.cause for each in desk.leads()] == ["event-2"]
    asked = [desk.leads()[0].recipient.ref]
    while desk.leads():
        desk.post()
        desk.wait(60)
        asked += [lead.recipient.ref for lead in desk.leads()]
    assert set(asked) == set(ALL)


_EVENTS = st.tuples(
    st.sampled_from(
        [
            "intake.report.accepted", "referral.unroutable", "referral.failed", "referral.recalled", "referral.expired",
            "referral.case.reopened",
        ]
    ),
    st.sampled_from(["critical", "high", "medium", "low"]),
    st.sampled_from(["legal_aid", "medical"]),
)
_STEPS = st.one_of(
    st.tuples(st.just("hear"), _EVENTS),
    st.tuples(st.just("post"), st.sampled_from([TAKEN, UNKNOWN_USER, REFUSED_ACCOUNT])),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 45, 800])),
    st.tuples(st.just("acknowledge"), st.integers(0, 30)),
    st.tuples(st.just("add"), st.sampled_from(ALL)),
)


@settings(max_examples=300)
@given(people=st.sets(st.sampled_from(ALL)), steps=st.lists(_STEPS, max_size=14))
def test_whatever_happens_one_human_at_most_is_waited_for_and_nothing_is_covered_by_an_alarm_that_asks_nobody(
    people: set[str], steps: list[tuple[str, object]]
) -> None:
    desk = Desk(*sorted(people))
    for what, given_ in steps:
        if what == "hear":
            desk.hear(*given_)  # type: ignore[misc]
        elif what == "post":
            _post_once(desk, given_)  # type: ignore[arg-type]
        elif what == "wait":
            desk.wait(given_)  # type: ignore[arg-type]
        elif what == "add":
            desk.add(str(given_))
        elif there := list(desk.messages.kept.values()):
            desk.acknowledge(there[int(given_) % len(there)], "deputy")  # type: ignore[call-overload]
        _holds(desk)


def _post_once(desk: Desk, answer: Outcome) -> None:
    leased = desk.due_messages.lease_next(desk.clock.now(), LEASE, urgent_only=False)
    if leased:
        record_outcome(desk.context(), leased, answer)


def _holds(desk: Desk) -> None:
    leads, on_ladders = desk.leads(), desk.on_ladders()
    assert len(leads) <= 1
    assert len({each.id for each in on_ladders}) == len(on_ladders)
    asking = {lead.cause for lead in leads}
    seen = {each.cause for each in on_ladders if each.state is State.ACKNOWLEDGED}
    for each in on_ladders:
        if each.state is State.COVERED:
            assert each.covered_by in asking or each.cause in seen
        if each.state is State.QUEUED:
            assert each.next_attempt
    if on_ladders and not leads and not {each.cause for each in on_ladders} <= seen:
        assert desk.state() is AlarmState.UNACKNOWLEDGED
