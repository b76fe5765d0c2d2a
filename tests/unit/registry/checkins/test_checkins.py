"""A sign of life: what is agreed, what follows when it does not come, and a call for help that no onlooker can tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.chassis.security.identity import Principal
from ngao.contracts.events.registry import CheckinDuress, CheckinMissed, CheckinUnanswered
from ngao.kernel.ids import CHECKINS_SOURCE
from ngao.testing.memory import SHIPPED_POLICY
from services.registry.checkins.answer import MOST_WRONG, answer_by_link, answer_by_word, verify_checkin
from services.registry.checkins.model import moment_of, next_day
from services.registry.checkins.plan import (
    end_checkin,
    forget_checkins,
    list_checkins,
    list_checkins_of,
    plan_checkin,
    read_trusted_contacts,
)
from services.registry.checkins.requests import CheckinPlan
from services.registry.checkins.run import remove_ended, step
from services.registry.people.finding import known_person
from services.registry.people.keeping import is_needed
from services.registry.people.register import register_defender
from services.registry.policy import read_policy
from tests.support.registry import MARY, Register

SAFE, HELP = "mwavuli", "parachichi"
NOT_UNDERSTOOD = "Not understood. Write the word again."
ANYONE = Principal("anyone", "anyone")
NAIROBI = {"due": "2026-11-22T18:00", "zone": "Africa/Nairobi"}  # 15:00 UTC, three hours after the test's clock
CONTACTS = [{"name": "Invented Sister", "phone": "0700000555", "relation": "sister"}]


class Desk(Register):
    """The registry with the shipped rules of check-ins, and one person."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = read_policy([SHIPPED_POLICY])
        self.mary = str(register_defender(self.ctx, {"identity": {"emails": [], **MARY}})["defender_ref"])

    def plan(self, **changes: Any) -> dict[str, Any]:
        body = {"kind": "journey", **NAIROBI, "safe_word": SAFE, "help_word": HELP, "verify_minutes": 0, **changes}
        return plan_checkin(self.ctx, self.mary, CheckinPlan().load(body))

    def say(self, plan: dict[str, Any], word: str) -> Any:
        return answer_by_link(self.parts, {"link": plan["link"], "word": word})

    @property
    def parts(self) -> Any:
        """What opens a unit of its own, and commits it."""
        return SimpleNamespace(run=lambda work: self.run(work, ANYONE))

    def turn(self) -> None:
        """What every timer of every process does: whatever is due, each in a unit of its own."""
        for _ in range(2):
            for checkin_id in {*self.ctx.checkins.with_answer(9), *self.ctx.checkins.due(self.now, 9)}:
                step(self.ctx, checkin_id)

    def state(self, plan: dict[str, Any]) -> str:
        return str(self.checkins.kept[plan["checkin_id"]].state)

    def said(self, kind: Any) -> list[Any]:
        return [payload for payload, _ in self.published(kind)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_answer_in_time_ends_it_and_nothing_is_reported(desk: Desk) -> None:
    plan = desk.plan()
    desk.pass_time(hours=3, minutes=59)
    desk.turn()
    assert desk.say(plan, f"  {SAFE.upper()} ") == {"received": True}
    desk.turn()
    desk.pass_time(days=2)
    desk.turn()
    assert (desk.state(plan), desk.said(CheckinMissed), desk.said(CheckinDuress)) == ("ended", [], [])


def test_one_that_does_not_come_is_reported_once_after_its_grace(desk: Desk) -> None:
    desk.plan(county="KE-30", languages=["sw"], share=["contact"])
    desk.pass_time(hours=3, minutes=59)
    desk.turn()
    assert desk.said(CheckinMissed) == []
    desk.pass_time(minutes=1)
    for _ in range(3):
        desk.turn()
    (missed,) = desk.said(CheckinMissed)
    assert (missed.kind, missed.occasion, missed.county, missed.needs) == ("journey", 1, "KE-30", ("physical_security",))
    assert [(each.purpose, each.scope) for each in missed.consent] == [("referral", ("contact",))]
    assert missed.due_at == datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    assert missed.defender_ref != desk.mary, "intake gets the reference of the source of check-ins"
    assert desk.report("NG-9", defender_ref=missed.defender_ref, source_id=CHECKINS_SOURCE).defender_ref == desk.mary
    assert desk.report("NG-8", defender_ref=missed.defender_ref, source_id="form").defender_ref is None


def test_the_people_whom_she_trusts_are_asked_first(desk: Desk) -> None:
    plan = desk.plan(contacts=CONTACTS, verify_minutes=30)
    desk.pass_time(hours=4)
    desk.turn()
    (unanswered,) = desk.said(CheckinUnanswered)
    assert (unanswered.case_ref, unanswered.urgency, desk.state(plan)) == (plan["checkin_id"], "critical", "verifying")
    shown = read_trusted_contacts(desk.ctx, plan["checkin_id"], reason="case_work")
    assert [each["phone"] for each in shown["contacts"]] == ["0700000555"]
    desk.pass_time(minutes=29)
    desk.turn()
    assert desk.said(CheckinMissed) == []
    desk.pass_time(minutes=1)
    desk.turn()
    assert (len(desk.said(CheckinMissed)), len(desk.said(CheckinUnanswered))) == (1, 1)


@pytest.mark.parametrize(("is_safe", "state", "missed"), [(True, "ended", 0), (False, "missed", 1)])
def test_what_they_say_goes_on_or_is_reported_at_once(desk: Desk, is_safe: bool, state: str, missed: int) -> None:
    plan = desk.plan(contacts=CONTACTS, verify_minutes=30)
    desk.pass_time(hours=4)
    desk.turn()
    verify_checkin(desk.ctx, plan["checkin_id"], {"is_safe": is_safe})
    assert (desk.state(plan), len(desk.said(CheckinMissed))) == (state, missed)
    with pytest.raises(NotAllowedNow):
        verify_checkin(desk.ctx, plan["checkin_id"], {"is_safe": False})


def test_without_anyone_to_ask_it_is_reported_at_once(desk: Desk) -> None:
    desk.plan(verify_minutes=60)
    desk.pass_time(hours=4)
    desk.turn()
    assert (len(desk.said(CheckinMissed)), desk.said(CheckinUnanswered)) == (1, [])


def test_a_call_for_help_is_reported_and_the_plan_looks_like_an_answered_one(desk: Desk) -> None:
    plans = [desk.plan(daily=True), desk.plan(daily=True)]
    desk.pass_time(hours=3)
    assert desk.say(plans[0], SAFE) == desk.say(plans[1], HELP)
    desk.turn()
    (duress,) = desk.said(CheckinDuress)
    assert duress.checkin_id == plans[1]["checkin_id"]
    shown = [{**each, "checkin_id": "", "next_at": ""} for each in list_checkins_of(desk.ctx, desk.mary)["checkins"]]
    assert shown[0] == shown[1]
    audited = [(each.action, each.actor) for each in desk.audited if each.subject in {plan["checkin_id"] for plan in plans}]
    assert audited[:2] == [("checkin.planned", "operator:o")] * 2
    assert audited[2:] == [("checkin.answered", "service:registry")] * 2, "the audit trail does not say either"


def test_a_call_for_help_counts_at_any_time_and_is_not_replaced_by_a_later_answer(desk: Desk) -> None:
    plan = desk.plan()
    desk.say(plan, HELP)
    desk.say(plan, SAFE)
    desk.turn()
    assert len(desk.said(CheckinDuress)) == 1
    desk.say(plan, HELP)  # the plan is over; her word is not
    desk.turn()
    assert len(desk.said(CheckinDuress)) == 2


def test_an_answer_that_waits_goes_before_the_timer(desk: Desk) -> None:
    plan = desk.plan()
    desk.pass_time(hours=3, minutes=59)
    desk.say(plan, SAFE)
    desk.pass_time(minutes=5)
    step(desk.ctx, plan["checkin_id"])
    assert (desk.state(plan), desk.said(CheckinMissed)) == ("ended", [])


def test_a_daily_one_goes_on_the_next_day_and_days_that_were_skipped_are_not_made_up(desk: Desk) -> None:
    plan = desk.plan(kind="daily", daily=True, until="2026-12-01T00:00:00Z")
    desk.pass_time(hours=3)
    desk.say(plan, SAFE)
    desk.turn()
    checkin = desk.checkins.kept[plan["checkin_id"]]
    assert (checkin.due_at, checkin.occasion) == (datetime(2026, 11, 23, 15, 0, tzinfo=UTC), 2)
    desk.pass_time(days=4)  # the clock of the machine, or the machine itself, was away
    for _ in range(3):
        desk.turn()
    assert len(desk.said(CheckinMissed)) == 1
    verify_checkin(desk.ctx, plan["checkin_id"], {"is_safe": True})
    assert desk.checkins.kept[plan["checkin_id"]].due_at == datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    desk.pass_time(days=8)
    verify_checkin(desk.ctx, plan["checkin_id"], {"is_safe": True})
    assert desk.state(plan) == "ended"


def test_a_clock_that_is_set_back_reports_nothing_again(desk: Desk) -> None:
    desk.plan()
    desk.pass_time(days=2)
    desk.turn()
    desk.pass_time(days=-2)
    desk.turn()
    desk.pass_time(days=4)
    desk.turn()
    assert len(desk.said(CheckinMissed)) == 1


@pytest.mark.parametrize(("changes", "pointer", "code"), [
    ({"kind": "party"}, "/kind", "unknown_code"),
    ({"due": "2026-11-22T14:59"}, "/due", "range"),
    ({"due": "2027-03-28T01:30", "zone": "Europe/London"}, "/due", "skipped"),
    ({"due": "2027-10-31T01:30", "zone": "Europe/London"}, "/due", "twice"),
    ({"until": "2026-11-22T14:00:00Z"}, "/until", "range"),
    ({"daily": True, "grace_minutes": 1440}, "/grace_minutes", "range"),
    ({"safe_word": "abc"}, "/safe_word", "length"),
    ({"help_word": "mwavulu"}, "/help_word", "too_similar"),
    ({"help_word": "Mwavuli "}, "/help_word", "too_similar"),
])  # fmt: skip
def test_what_cannot_be_is_refused_by_its_field_and_nothing_is_stored(
    desk: Desk, changes: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        desk.plan(**changes)
    assert (pointer, code) in [(each.pointer, each.code) for each in caught.value.errors]
    assert desk.checkins.kept == {}


@pytest.mark.parametrize("word", ["mwavulii", "", "help", "parachich1"])
def test_another_word_is_not_understood_and_changes_nothing(desk: Desk, word: str) -> None:
    plan = desk.plan()
    for link in (plan["link"], "a-link-that-there-is-not"):
        with pytest.raises(InvalidInput) as caught:
            answer_by_link(desk.parts, {"link": link, "word": word})
        assert [each.pointer for each in caught.value.errors] == ["/word"]
        assert (str(caught.value), caught.value.errors[0].detail) == (NOT_UNDERSTOOD, NOT_UNDERSTOOD)
    kept = desk.checkins.kept[plan["checkin_id"]]
    assert (kept.pending_at, kept.wrong) == (None, 1)


def test_after_many_wrong_words_only_the_one_that_asks_for_help_is_taken(desk: Desk) -> None:
    plan = desk.plan()
    for at in range(MOST_WRONG):
        with pytest.raises(InvalidInput):
            desk.say(plan, f"guess {at}")
    with pytest.raises(InvalidInput):
        desk.say(plan, SAFE)
    assert desk.say(plan, HELP) == {"received": True}
    desk.turn()
    assert len(desk.said(CheckinDuress)) == 1
    assert desk.checkins.kept[plan["checkin_id"]].wrong == 0


def test_an_operator_takes_her_word_and_sees_no_difference(desk: Desk) -> None:
    plans = [desk.plan(), desk.plan()]
    said = zip(plans, (SAFE, HELP), strict=True)
    answers = [answer_by_word(desk.ctx, plan["checkin_id"], {"word": word}) for plan, word in said]
    assert answers[0] == answers[1]
    with pytest.raises(NotFound):
        answer_by_word(desk.ctx, "CHK-NONE", {"word": SAFE})


def test_she_is_kept_while_there_is_one_and_let_go_with_the_last(desk: Desk) -> None:
    plan = desk.plan()
    person = known_person(desk.ctx, desk.mary)
    assert "checkins" in person.root.kept_for
    end_checkin(desk.ctx, plan["checkin_id"])
    with pytest.raises(NotAllowedNow):
        end_checkin(desk.ctx, plan["checkin_id"])
    assert list_checkins(desk.ctx) == {"checkins": []}
    desk.pass_time(days=31)
    assert remove_ended(desk.ctx, 10) == 1
    person = known_person(desk.ctx, desk.mary)
    assert (person.root.kept_for, is_needed(desk.ctx, person)) == (("registration",), True)


def test_whoever_erases_her_removes_them_all(desk: Desk) -> None:
    desk.plan(), desk.plan()
    assert forget_checkins(desk.ctx, desk.mary) == {"checkins": 2}
    assert desk.checkins.kept == {}


def test_nothing_that_is_planned_shows_whom_to_ask_or_her_words(desk: Desk) -> None:
    plan = desk.plan(contacts=CONTACTS, note="She travels by the night bus.")
    shown = "".join([json.dumps(list_checkins(desk.ctx), default=str), repr(desk.checkins.kept), repr(desk.audited)])
    assert not [each for each in (SAFE, HELP, "0700000555", "Invented Sister", "night bus", plan["link"]) if each in shown]


@settings(max_examples=40, deadline=None)
@given(
    safe=st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12),
    help_=st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12),
    minutes=st.integers(0, 400), daily=st.booleans(), with_contacts=st.booleans(),
)  # fmt: skip
def test_both_words_give_the_same_answer_and_leave_the_same_to_see(
    safe: str, help_: str, minutes: int, daily: bool, with_contacts: bool
) -> None:
    """All that the answer, the list, the audit and the stored plan show is equal, but for the sealed answer."""
    seen = []
    for which in (0, 1):
        desk = Desk()
        more = {"contacts": CONTACTS, "verify_minutes": 60} if with_contacts else {}
        try:
            plan = desk.plan(safe_word=safe, help_word=help_, daily=daily, **more)
        except InvalidInput:
            return
        desk.pass_time(minutes=minutes)
        desk.turn()
        units = len(desk.units)
        answered = desk.say(plan, (safe, help_)[which])
        writes = len(desk.units) - units
        (stored,) = desk.checkins.kept.values()
        before = {name: value for name, value in vars(stored).items() if name not in _OWN | {"pending"}}
        desk.turn()
        (stored,) = desk.checkins.kept.values()
        after = {name: value for name, value in vars(stored).items() if name not in _OWN}
        shown = [{**each, "checkin_id": "", "defender_ref": ""} for each in list_checkins_of(desk.ctx, desk.mary)["checkins"]]
        audited = [each.action for each in desk.audited if each.action.startswith("checkin")]
        seen.append((answered, writes, before, after, shown, audited))
    assert seen[0] == seen[1]


_OWN = {"id", "defender_ref", "safe_hash", "help_hash", "link_hash", "details"}
"""What differs between two plans whatever their answer is."""


def test_the_next_day_is_the_same_time_of_the_clock() -> None:
    before = datetime(2027, 3, 27, 18, 0, tzinfo=UTC)  # 18:00 in London, the evening before its clocks go forward
    assert next_day(before, "Europe/London") == before + timedelta(hours=23)
    assert next_day(before, "Africa/Nairobi") == before + timedelta(hours=24)
    assert moment_of(datetime(2027, 3, 27, 18, 0), "Europe/London") == (before, "")  # noqa: DTZ001 - of the clock
