"""Who is told what about an event."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ngao.contracts import make
from ngao.contracts.events.notices import ContactNotice
from ngao.contracts.events.registry import ContactSummary as PublishedSummary
from ngao.testing.notify import shipped_policy
from services.notify.ladders.planning import Changes, plan
from services.notify.messages import refusals
from services.notify.messages.model import Message, State
from services.notify.messages.plan import plan_for_contact, plan_messages, store_contact_summary
from services.notify.roster.model import DEFENDER, DUTY_OFFICER, PARTNER, Contact, ContactSummary, Recipient
from services.notify.rules import Rule
from tests.support.notify import CASE, NotifyUnderTest, facts, officers, partner, situation

POLICY = shipped_policy()
RESOLVED = {"defender_ref": None, "resolution": "new", "restrictions": [], "contact": {"may_contact": False, "channels": []}}
EVERYBODY = (*officers("duty-officer", "deputy", "coordinator"), partner("clinic"))

TABLE = [
    ("intake.report.accepted", "critical", [(DUTY_OFFICER, "duty-officer", "look_now", True)]),
    ("intake.report.accepted", "high", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("intake.report.accepted", "medium", []),
    ("referral.offered", "critical", [(PARTNER, "clinic", "partner_look_now", True)]),
    ("referral.offered", "low", [(PARTNER, "clinic", "partner_new", False)]),
    ("referral.withdrawn", "low", [(PARTNER, "clinic", "partner_stop", True)]),
    ("referral.recalled", "medium", [(PARTNER, "clinic", "partner_stop", True)]),
    ("referral.unroutable", "critical", [(DUTY_OFFICER, "duty-officer", "nothing_found", True)]),
    ("referral.unroutable", "high", [(DUTY_OFFICER, "duty-officer", "nothing_found", False)]),
    ("referral.unroutable", "medium", [(DUTY_OFFICER, "duty-officer", "nothing_found", False)]),
    (
        "referral.expired", "critical",
        [(PARTNER, "clinic", "partner_late", False), (DUTY_OFFICER, "duty-officer", "no_reply", True)],
    ),
    ("referral.expired", "high", []),
    ("referral.failed", "high", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("referral.case.reopened", "critical", [(DUTY_OFFICER, "duty-officer", "look_now", True)]),
    ("referral.case.reopened", "high", [(DUTY_OFFICER, "duty-officer", "look_now", True)]),
    ("referral.case.reopened", "medium", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("referral.case.reopened", "low", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("referral.disclosure.missed", "critical", [(DUTY_OFFICER, "duty-officer", "look_now", True)]),
    ("referral.disclosure.missed", "high", [(DUTY_OFFICER, "duty-officer", "look_now", True)]),
    ("referral.disclosure.missed", "medium", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("referral.disclosure.missed", "low", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("referral.helper.revoked", "critical", [(DUTY_OFFICER, "duty-officer", "look_now", True)]),
    ("referral.helper.revoked", "high", [(DUTY_OFFICER, "duty-officer", "look_now", True)]),
    ("referral.helper.revoked", "medium", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("referral.helper.revoked", "low", [(DUTY_OFFICER, "duty-officer", "look_now", False)]),
    ("referral.accepted", "high", [(DEFENDER, CASE, "defender_news", False)]),
    ("referral.started", "high", []),
    ("referral.completed", "high", []),
    ("referral.declined", "critical", []),
    ("registry.defender.resolved", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("event", "urgency", "told"), TABLE)
def test_the_shipped_rules_tell_exactly_these(event: str, urgency: str, told: list[tuple[str, str, str, bool]]) -> None:
    planned = plan(situation(POLICY, EVERYBODY), facts(event, urgency), None).new
    assert [(each.recipient.kind, each.recipient.ref, each.template, each.urgent) for each in planned] == told
    assert all(each.policy_version == POLICY.version for each in planned)


def test_one_event_heard_twice_tells_one_person_once() -> None:
    office = NotifyUnderTest(*EVERYBODY)
    for _ in range(2):
        plan_messages(office.context(), facts("intake.report.accepted"))
    assert office.addressed() == [("duty-officer", State.QUEUED)]


def test_two_events_of_one_case_tell_twice() -> None:
    office = NotifyUnderTest(*EVERYBODY)
    for cause in ("event-1", "event-2"):
        plan_messages(office.context(), facts("referral.offered", cause=cause))
    assert len(office.messages.kept) == 2


def test_a_partner_without_a_roster_entry_is_refused_with_a_reason_and_said() -> None:
    office = NotifyUnderTest()
    plan_messages(office.context(), facts("referral.offered"))
    assert office.addressed() == [("clinic", State.REFUSED)]
    assert office.said == [("refused", "partner:clinic", refusals.NO_ADDRESS)]


def test_a_partner_whose_channel_we_do_not_have_is_refused() -> None:
    roster = [Contact(Recipient(PARTNER, "clinic"), "sms", "en")]
    assert _only(plan(situation(POLICY, roster), facts("referral.offered"), None)).reason == refusals.CHANNEL_NOT_ALLOWED


def summary(*channels: str, may_contact: bool = True, sequence: int = 1) -> ContactSummary:
    return ContactSummary(CASE, "DEF-0123456789", may_contact, channels, sequence)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, refusals.CONTACT_UNKNOWN),
        (summary("email", may_contact=False), refusals.NO_SAFE_CONTACT),
        (summary(), refusals.CHANNEL_NOT_ALLOWED),
        (summary("sms", "phone"), refusals.CHANNEL_NOT_ALLOWED),
    ],
)
def test_a_defender_is_refused_with_the_reason_unless_everything_says_yes(known: ContactSummary | None, reason: str) -> None:
    message = _only(plan(situation(POLICY, EVERYBODY), facts("referral.accepted"), known))
    assert (message.state, message.reason, message.channel) == (State.REFUSED, reason, "none")
    assert reason in refusals.MEANING


def test_a_defender_who_may_be_told_is_told_by_a_safe_channel_although_no_roster_has_an_address() -> None:
    message = _only(plan(situation(POLICY, EVERYBODY), facts("referral.accepted"), summary("phone", "email")))
    assert (message.state, message.channel, message.urgent) == (State.QUEUED, "email", False)
    assert message.recipient == Recipient(DEFENDER, "DEF-0123456789")


def test_a_defender_is_not_told_by_a_channel_that_the_registry_does_not_call_safe() -> None:
    roster = [Contact(Recipient(DEFENDER, "DEF-0123456789"), "email", "sw")]
    two_channels = replace(situation(POLICY, roster), channels=("email", "sms"))
    message = _only(plan(two_channels, facts("referral.accepted"), summary("sms")))
    assert (message.state, message.channel) == (State.QUEUED, "sms")


def test_an_older_word_of_the_registry_that_comes_late_changes_nothing() -> None:
    office = NotifyUnderTest()
    for said in (summary("email", sequence=2, may_contact=False), summary("email", sequence=1)):
        contact = PublishedSummary(may_contact=said.may_contact, channels=said.channels)
        notice = ContactNotice(case_ref=CASE, defender_ref=said.defender_ref, contact=contact)
        store_contact_summary(office.context(), notice, said.sequence)
    assert replace(office.summaries.kept[CASE], revision=0) == summary("email", sequence=2, may_contact=False)


@pytest.mark.parametrize("named", [True, False], ids=["a rule names it", "no rule names it"])
def test_a_word_about_contact_must_be_known_as_done_if_a_rule_names_it(*, named: bool) -> None:
    """Its handler is declared repeatable for the summary. Whom a rule notifies may be another person when it is handled again."""
    rule = Rule("registry.defender.resolved.v1", DEFENDER, "defender_news")
    office = NotifyUnderTest(policy=replace(POLICY, rules=(*POLICY.rules, rule)) if named else POLICY)
    ctx, contact = office.context(), PublishedSummary(may_contact=False, channels=())
    notice = ContactNotice(case_ref=CASE, defender_ref="DEF-0123456789", contact=contact)
    plan_for_contact(ctx, notice, make(rule.when, subject=CASE, data={**RESOLVED, "case_ref": CASE}))
    assert (ctx.unit.needs_mark, len(office.messages.kept)) == (named, int(named))


def _only(planned: Changes) -> Message:
    assert (len(planned.new), planned.changed) == (1, ())
    return planned.new[0]
