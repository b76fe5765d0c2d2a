"""Two reports that came at the same moment and share only a similar name are put before a human a little later, once."""

from __future__ import annotations

from services.registry.people.look_again import ask_about
from tests.support.registry import POLICY, Register

ONE, OTHER = "Mary Wanjiku Kamau", "Mary Wanjikuu Kamau"
PHONES = ("0700000001", "0700000002")


def at_once(register: Register, *names: str) -> list[str]:
    """Reports about people whom no other one could see, each with a phone of its own: every one is new."""
    refs = []
    for number, name in enumerate(names, 1):
        hidden = register.defenders.kept
        register.defenders.kept = {}
        found = register.report(f"NG-{number}", {"names": [name], "phones": [f"070000000{number}"], "emails": []})
        register.defenders.kept = hidden | register.defenders.kept
        assert found.resolution == "new"
        refs.append(found.defender_ref or "")
    return refs


def look(register: Register, refs: list[str]) -> None:
    for ref in refs:
        ask_about(register.ctx, ref, frozenset(refs) - {ref})


def test_one_candidate_is_made_of_the_two_and_none_the_next_time() -> None:
    register = Register()
    first, second = at_once(register, ONE, OTHER)
    look(register, [first, second])
    ((case_ref, candidate),) = register.candidates.kept.items()
    assert (candidate.defender_ref, [each.defender_ref for each in candidate.suggestions]) == (first, [second])
    assert register.cases.kept[case_ref].resolution == "candidate"
    said = len(register.heard.views)
    look(register, [first, second])
    assert (len(register.candidates.kept), len(register.heard.views)) == (1, said)


def test_the_restrictions_of_either_hold_for_the_case_from_then_on() -> None:
    register = Register()
    first, second = at_once(register, ONE, OTHER)
    register.restrict(second, "partner-a")
    look(register, [first, second])
    view = next(each for each in reversed(register.heard.views) if each.case_ref == "NG-1")
    assert (view.resolution, [each.partner_id for each in view.restrictions]) == ("candidate", ["partner-a"])


def test_what_a_human_has_decided_is_not_asked_again() -> None:
    register = Register()
    refs = at_once(register, ONE, OTHER)
    look(register, refs)
    register.separate("NG-1")
    look(register, refs)
    assert [str(each.verdict) for each in register.candidates.kept.values()] == ["separate"]


def test_people_with_other_names_are_not_put_before_a_human() -> None:
    register = Register()
    refs = at_once(register, ONE, "Peter Wanjiku Kamau")
    look(register, refs)
    assert register.candidates.kept == {}


def test_only_records_that_were_created_in_this_time_are_compared() -> None:
    register = Register()
    refs = at_once(register, ONE, OTHER)
    moment = register.defenders.kept[refs[0]].created_at
    found = register.ctx.defenders.new_namesakes(moment, register.now.replace(year=2027), 100)
    assert found == [frozenset(refs)]
    assert register.ctx.defenders.new_namesakes(register.now.replace(year=2027), register.now.replace(year=2028), 100) == []
    assert POLICY.matching.keys_version == Register().policy.matching.keys_version
