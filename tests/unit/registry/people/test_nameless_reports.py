"""Reports without a name that share a phone push nobody out of the suggestions whose restriction would be lost with it."""

from __future__ import annotations

import pytest

from services.registry.people import resolve as resolving
from services.registry.people.identity import Identity
from services.registry.people.resolution import KnownPerson, resolve
from services.registry.people.similarity import similarity
from tests.support.registry import MARY, POLICY, SAFE, Register, accepted

PHONE = frozenset({"phone"})
NAMELESS = {"names": [], "phones": ["0700000001"], "emails": []}
SEVEN = [KnownPerson(f"A{n}", Identity(), PHONE) for n in range(7)]


def suggested(identity: Identity, known: list[KnownPerson]) -> list[str]:
    return [each.defender_ref for each in resolve(identity, known, POLICY.matching, similarity).suggestions]


def after_seven_nameless() -> tuple[Register, str]:
    register = Register()
    mary = register.report("NG-mary", MARY, contact_safety=SAFE).defender_ref or ""
    for n in range(7):
        register.report(f"NG-{n}", NAMELESS, contact_safety=SAFE)
    return register, mary


def restricted(register: Register, case_ref: str) -> list[str]:
    last = next(view for view in reversed(register.heard.views) if view.case_ref == case_ref)
    return [each.partner_id for each in last.restrictions]


@pytest.mark.parametrize("mine", [Identity((), ("x",)), Identity(("Mary Wanjiku",))], ids=["no name", "another name"])
def test_who_shares_the_phone_and_has_a_name_is_suggested_first(mine: Identity) -> None:
    named = [KnownPerson(f"Z{n}", Identity(("Grace Chebet",)), PHONE) for n in range(POLICY.matching.most_candidates + 2)]
    found = suggested(mine, [*SEVEN, *named])
    assert found[: len(named)] == [each.ref for each in named]
    assert len(found) == len(named) + POLICY.matching.most_candidates


@pytest.mark.parametrize("shares", [PHONE, frozenset[str]()], ids=["a phone", "a similar name"])
def test_who_is_restricted_is_suggested_however_many_others_fit_as_well(shares: frozenset[str]) -> None:
    names = () if shares else ("Mary Wanjiku",)
    others = [KnownPerson(f"A{n}", Identity(names), shares) for n in range(9)]
    one = KnownPerson("Z", Identity(names), shares, restricted=True)
    found = suggested(Identity(("Mary Wanjiku",), ("x",)), [*others, one])
    assert "Z" in found
    assert len(found) == 1 + POLICY.matching.most_candidates


def test_a_restriction_of_the_phones_owner_holds_for_every_further_report_without_a_name() -> None:
    register, mary = after_seven_nameless()
    register.restrict(mary, "partner-a")
    for n in range(7, 20):
        register.report(f"NG-{n}", NAMELESS, contact_safety=SAFE)
        assert restricted(register, f"NG-{n}") == ["partner-a"], n
        assert str(register.accept(accepted(f"NG-{n}", f"offer-{n}")).refusal) == "restricted"


def test_a_restriction_that_the_phones_owner_states_later_holds_for_them_too() -> None:
    register, mary = after_seven_nameless()
    later = [f"NG-{n}" for n in range(7, 20)]
    for case_ref in later:
        register.report(case_ref, NAMELESS)
    register.restrict(mary, "partner-a")
    assert [restricted(register, case_ref) for case_ref in later] == [["partner-a"]] * len(later)


@pytest.mark.parametrize("linked", [False, True])
def test_it_holds_also_if_more_reports_share_the_phone_than_are_compared(
    monkeypatch: pytest.MonkeyPatch, *, linked: bool
) -> None:
    monkeypatch.setattr(resolving, "MOST_COMPARED", 2)
    register, mary = after_seven_nameless()
    register.restrict(mary, "partner-a")
    if linked:
        almost = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}
        other = register.report("NG-other", almost).defender_ref
        register.link("NG-other", mary)
        register.defenders.kept[other or ""].restrictions = register.defenders.kept[mary].restrictions
        register.defenders.kept[mary].restrictions = ()
    for n in range(7, 20):
        register.report(f"NG-{n}", NAMELESS)
        assert restricted(register, f"NG-{n}") == ["partner-a"], n
