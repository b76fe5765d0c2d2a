"""Every rule that fires is true of what was reported: its conditions are read from the file and checked without the engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.policy import load
from services.intake.reports.draft import Draft, Place, Violation
from services.intake.reports.receive import receive_report
from services.intake.triage.model import Earlier, Facts, triage
from tests.support.memory_intake import MemoryIntake
from tests.unit.intake.conftest import POLICY

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHIPPED = load([POLICY])
RULES: dict[str, dict[str, Any]] = {each["id"]: each for each in yaml.safe_load((POLICY / "triage.yaml").read_text())["rules"]}
VIOLATIONS = yaml.safe_load((POLICY / "violations.yaml").read_text())["violations"]
PERPETRATORS = yaml.safe_load((POLICY / "perpetrators.yaml").read_text())["perpetrators"]
NEEDS = sorted(yaml.safe_load((POLICY / "support_types.yaml").read_text())["support_types"])
HOURS = {"exact": 0, "day": 24, "month": 31 * 24, "year": 366 * 24, "estimate": 24}

violations = st.builds(
    Violation,
    type=st.sampled_from(sorted(VIOLATIONS)),
    ongoing=st.booleans(),
    against=st.sampled_from(["defender", "family", "community"]),
    perpetrators=st.lists(st.sampled_from(sorted(PERPETRATORS)), max_size=2).map(tuple),
)
facts = st.builds(
    lambda acts, hours, precision, role, needs: Facts(
        tuple(acts), NOW - timedelta(hours=hours), precision, role, tuple(needs), NOW, NOW
    ),
    st.lists(violations, min_size=1, max_size=4),
    st.one_of(st.integers(0, 240), st.integers(0, 9000)),
    st.sampled_from(sorted(HOURS)),
    st.sampled_from(["self", "witness", "lawyer"]),
    st.lists(st.sampled_from(NEEDS), max_size=3, unique=True),
)
earlier = st.builds(
    lambda days, code: Earlier(NOW - timedelta(days=days), (code,)), st.integers(0, 400), st.sampled_from(sorted(VIOLATIONS))
)


def of_act(when: dict[str, Any], act: Violation) -> bool:
    state = any(PERPETRATORS[each]["state"] for each in act.perpetrators)
    return all([
        act.type in when.get("violation_in", [act.type]),
        VIOLATIONS[act.type]["group"] in when.get("violation_group", [VIOLATIONS[act.type]["group"]]),
        act.ongoing == when.get("ongoing", act.ongoing),
        act.against in when.get("against", [act.against]),
        "perpetrator_in" not in when or any(each in when["perpetrator_in"] for each in act.perpetrators),
        state == when.get("by_state", state),
    ])  # fmt: skip


def of_history(wanted: dict[str, Any], history: list[Earlier]) -> bool:
    groups = wanted.get("violation_group")
    fit = [
        each for each in history
        if (NOW - each.received_at).days <= wanted["within_days"]
        and (groups is None or any(VIOLATIONS[code]["group"] in groups for code in each.violations))
    ]  # fmt: skip
    return len(fit) >= wanted["at_least"]


def is_true(when: dict[str, Any], told: Facts, history: list[Earlier]) -> bool:
    known = {
        "violation_in", "violation_group", "ongoing", "against", "perpetrator_in", "by_state", "needs_include", "reporter_in",
        "occurred_within_hours", "violations_at_least", "earlier_reports",
    }  # fmt: skip
    assert set(when) <= known, "a condition that this test does not check"
    least_hours_ago = (NOW - told.occurred_at) / timedelta(hours=1) - HOURS[told.occurred_precision]
    return all([
        any(of_act(when, each) for each in told.violations),
        "needs_include" not in when or any(each in when["needs_include"] for each in told.needs),
        told.reporter_role in when.get("reporter_in", [told.reporter_role]),
        least_hours_ago <= when.get("occurred_within_hours", least_hours_ago),
        len(told.violations) >= when.get("violations_at_least", 0),
        "earlier_reports" not in when or of_history(when["earlier_reports"], history),
    ])  # fmt: skip


@settings(max_examples=300)
@given(facts, st.lists(earlier, max_size=4))
def test_exactly_the_rules_that_are_true_of_the_report_fire(told: Facts, history: list[Earlier]) -> None:
    fired = {each.rule for each in triage(SHIPPED.triage, told, history).reasons} - {"severity"}
    assert fired == {name for name, rule in RULES.items() if is_true(rule["when"], told, history)}


@settings(max_examples=100)
@given(st.lists(violations, min_size=1, max_size=4))
def test_a_need_that_nobody_asked_for_is_no_reason(acts: list[Violation]) -> None:
    intake = MemoryIntake(SHIPPED)
    draft = Draft("event", intake.ctx.now - timedelta(hours=1), "witness", tuple(acts), Place("iso3166-2", "KE-30"))
    receive_report(intake.ctx, "source", draft)
    report = intake.reports.taken_in[-1]
    assert set(report.needs) == set(report.needs_proposed)
    assert not {name for name, rule in RULES.items() if "needs_include" in rule["when"]} & {
        each.rule for each in (*report.triage.reasons, *report.triage_for_source.reasons)
    }
