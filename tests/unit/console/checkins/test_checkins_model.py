"""What waits for a human is shown first, and a form agrees on what was typed and on nothing else."""

from __future__ import annotations

from services.console.checkins.model import in_order, plan_of


def test_those_that_wait_for_a_human_come_first_then_by_when_they_are_due() -> None:
    given = [("active", "03"), ("missed", "05"), ("active", "02"), ("verifying", "09"), ("other", "01")]
    ordered = in_order({"state": state, "due_at": due} for state, due in given)
    assert [each["due_at"] for each in ordered] == ["09", "05", "02", "03", "01"]


def test_a_form_states_a_plan_and_leaves_to_the_rules_what_is_empty() -> None:
    typed = {
        "kind": "journey", "due": "2026-12-24T18:00", "safe_word": "mwavuli", "help_word": "parachichi", "name1": " Sister ",
        "phone1": "0700000555", "name2": "", "phone2": " ", "county": "", "note": "",
    }  # fmt: skip
    plan = plan_of(typed, "Africa/Nairobi")
    assert plan["contacts"] == [{"name": "Sister", "phone": "0700000555", "relation": ""}]
    assert (plan["zone"], plan["daily"], plan["due"]) == ("Africa/Nairobi", False, "2026-12-24T18:00")
    assert not {"county", "share", "grace_minutes", "until"} & set(plan)
    more = plan_of(typed | {"daily": "yes", "share": "yes", "county": "KE-30"}, "Africa/Nairobi")
    assert (more["daily"], more["share"], more["county"]) == (True, ["contact"], "KE-30")
