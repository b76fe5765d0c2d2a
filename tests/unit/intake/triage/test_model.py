"""Each triage rule by name, and what holds for all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngao.kernel.urgency import rank
from services.intake.policy import IntakePolicy, load
from services.intake.reports.draft import Violation
from services.intake.triage.model import Earlier, Facts, triage
from tests.unit.intake.conftest import POLICY

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
SHIPPED = load([POLICY])


def facts(*violations: Violation, hours: float | None = None, **changes: Any) -> Facts:
    when = LONG_AGO if hours is None else NOW - timedelta(hours=hours)
    known = {"occurred_at": when, "occurred_precision": "exact", "reporter_role": "witness"}
    made = known | {"needs": (), "now": NOW, "received_at": NOW}
    return Facts(violations or (Violation("censorship"),), **(made | changes))


def earlier(days: int, *violations: str) -> Earlier:
    return Earlier(NOW - timedelta(days=days), violations or ("censorship",))


V = Violation
# rule: (facts and history that fire it, the nearest ones that do not)
CASES: dict[str, tuple[tuple[Facts, list[Earlier]], tuple[Facts, list[Earlier]]]] = {
    "taken_and_held": (
        (facts(V("enforced_disappearance", ongoing=True)), []), (facts(V("enforced_disappearance")), [])),
    "asked_for_help_in_secret": ((facts(V("help_signal")), []), (facts(V("missed_check_in")), [])),
    "missed_check_in": ((facts(V("missed_check_in")), []), (facts(V("censorship")), [])),
    "taken_lately": ((facts(V("abduction_kidnapping"), hours=71), []), (facts(V("abduction_kidnapping"), hours=73), [])),
    "life_attempted": ((facts(V("attempted_killing"), hours=1), []), (facts(V("attempted_killing"), hours=100), [])),
    "torture_or_no_care_now": ((facts(V("torture", ongoing=True)), []), (facts(V("torture")), [])),
    "violence_now": ((facts(V("physical_assault", ongoing=True)), []), (facts(V("censorship", ongoing=True)), [])),
    "sexual_violence_medical_window": ((facts(V("rape"), hours=10), []), (facts(V("rape"), hours=80), [])),
    "sexual_violence_late_care": ((facts(V("rape"), hours=119), []), (facts(V("rape"), hours=121), [])),
    "death_threat_ongoing": (
        (facts(V("death_threat_to_family", ongoing=True)), []), (facts(V("threat_to_family", ongoing=True)), [])),
    "death_threat_after_earlier_report": (
        (facts(V("death_threat_to_defender")), [earlier(179)]), (facts(V("death_threat_to_defender")), [earlier(181)])),
    "death_threat_by_armed_actor": (
        (facts(V("death_threat_to_defender", perpetrators=("police",))), []),
        (facts(V("death_threat_to_defender"), V("censorship", perpetrators=("police",))), [])),
    "threat_lately": ((facts(V("stalking"), hours=167), []), (facts(V("stalking"), hours=169), [])),
    "held_now": ((facts(V("arbitrary_detention", ongoing=True)), []), (facts(V("arbitrary_detention")), [])),
    "arrested_lately": ((facts(V("unlawful_arrest"), hours=95), []), (facts(V("unlawful_arrest"), hours=97), [])),
    "held_incommunicado": (
        (facts(V("incommunicado_detention", ongoing=True)), []), (facts(V("incommunicado_detention")), [])),
    "held_without_a_lawyer": (
        (facts(V("legal_assistance_denied", ongoing=True)), []), (facts(V("legal_assistance_denied")), [])),
    "whereabouts_published": ((facts(V("doxxing", ongoing=True)), []), (facts(V("doxxing")), [])),
    "family_attacked": (
        (facts(V("physical_assault", against="family")), []), (facts(V("physical_assault", against="community")), [])),
    "by_the_state": (
        (facts(V("torture", perpetrators=("police",))), []), (facts(V("torture", perpetrators=("mob",))), [])),
    "by_someone_at_home": (
        (facts(V("stalking", perpetrators=("spouse_or_partner",))), []), (facts(V("stalking", perpetrators=("mob",))), [])),
    "reported_again": ((facts(), [earlier(89)]), (facts(), [earlier(91)])),
    "reported_often": ((facts(), [earlier(1), earlier(2), earlier(3)]), (facts(), [earlier(1), earlier(2)])),
    "attack_after_threat": (
        (facts(V("raid_on_home")), [earlier(300, "threat_to_defender")]), (facts(V("raid_on_home")), [earlier(300)])),
    "several_violations": (
        (facts(V("censorship"), V("vandalism"), V("eviction")), []), (facts(V("censorship"), V("vandalism")), [])),
    "must_leave": ((facts(needs=("emergency_evacuation",)), []), (facts(needs=("legal_aid",)), [])),
    "needs_shelter": ((facts(needs=("safe_house",)), []), (facts(needs=("legal_aid",)), [])),
    "needs_care": ((facts(needs=("medical",)), []), (facts(needs=("psychosocial",)), [])),
    "told_by_the_person": (
        (facts(hours=24, reporter_role="self"), []), (facts(hours=24, reporter_role="lawyer"), [])),
}  # fmt: skip


def fired(given_facts: Facts, history: list[Earlier]) -> list[str]:
    return [reason.rule for reason in triage(SHIPPED.triage, given_facts, history).reasons]


def test_every_shipped_rule_has_a_case_here() -> None:
    assert set(CASES) == {rule.id for rule in SHIPPED.triage.rules}


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_fires_where_it_should_and_not_beside_it(rule: str) -> None:
    yes, no = CASES[rule]
    assert rule in fired(*yes)
    assert rule not in fired(*no)


def test_the_heaviest_violation_is_always_the_first_reason() -> None:
    assert fired(facts(V("censorship"), V("torture")), [])[0] == "severity"
    result = triage(SHIPPED.triage, facts(V("censorship"), V("torture")), [])
    assert "Torture" in result.reasons[0].text


@pytest.mark.parametrize(("violation", "urgency"), [
    ("censorship", "low"), ("smear_campaign", "low"), ("stalking", "medium"), ("torture", "high"),
    ("enforced_disappearance", "critical"),
])  # fmt: skip
def test_the_severity_alone_gives_an_urgency(violation: str, urgency: str) -> None:
    assert triage(SHIPPED.triage, facts(V(violation)), []).urgency == urgency


def test_a_death_threat_after_an_earlier_report_is_critical() -> None:
    assert triage(SHIPPED.triage, facts(V("death_threat_to_defender")), [earlier(30)]).urgency == "critical"


def test_a_day_without_an_hour_counts_as_its_whole_day() -> None:
    midnight = {"occurred_at": NOW - timedelta(hours=90), "occurred_precision": "day"}
    assert "sexual_violence_medical_window" in fired(facts(V("rape"), **midnight), [])


def test_an_earlier_code_that_the_policy_no_longer_lists_is_no_error(policy: IntakePolicy) -> None:
    assert "reported_again" in fired(facts(), [earlier(1, "retired_code")])


violations = st.builds(
    Violation,
    type=st.sampled_from(sorted(SHIPPED.vocabulary.violations)),
    ongoing=st.booleans(),
    against=st.sampled_from(["defender", "family"]),
    perpetrators=st.lists(st.sampled_from(sorted(SHIPPED.vocabulary.perpetrators)), max_size=2).map(tuple),
)


@settings(max_examples=60)
@given(st.lists(violations, min_size=1, max_size=4), violations, st.integers(0, 400))
def test_one_more_violation_never_lowers_the_urgency(told: list[Violation], more: Violation, hours: int) -> None:
    before = triage(SHIPPED.triage, facts(*told, hours=hours), [])
    after = triage(SHIPPED.triage, facts(*told, more, hours=hours), [])
    assert rank(after.urgency) <= rank(before.urgency)
    assert {each.rule for each in before.reasons} <= {each.rule for each in after.reasons}


@settings(max_examples=60)
@given(st.lists(violations, min_size=1, max_size=3), st.lists(st.integers(0, 500), max_size=5))
def test_history_never_lowers_the_urgency(told: list[Violation], days: list[int]) -> None:
    alone = triage(SHIPPED.triage, facts(*told), [])
    again = triage(SHIPPED.triage, facts(*told), [earlier(each, "threat_to_defender") for each in days])
    assert rank(again.urgency) <= rank(alone.urgency)
