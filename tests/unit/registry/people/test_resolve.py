"""Who a report is about: the table, and what is said of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngao.chassis.errors import SealBroken
from ngao.contracts.events.intake import SealedIdentity
from services.registry.people.add_facts import add_facts_of
from services.registry.people.identity import Identity
from services.registry.people.resolution import Kind, KnownPerson, resolve
from services.registry.people.similarity import similarity
from tests.support.registry import MARY, POLICY, SAFE, Register, accepted, consent

ALIKE = similarity
MARY_KNOWN = Identity(("Mary Wanjiku Kamau",), ("+254700000001",), ("mary@example.org",))
PHONE, EMAIL = frozenset({"phone"}), frozenset({"email"})


def on_one_phone(name: str) -> dict[str, Any]:
    return {"names": [name], "phones": ["0700000031"], "emails": []}


def known(ref: str, *names: str, shares: frozenset[str] = frozenset()) -> KnownPerson:
    return KnownPerson(ref, Identity(names), shares)


@pytest.mark.parametrize(("case", "identity", "candidates", "kind", "ref"), [
    ("nothing told", None, [], Kind.ANONYMOUS, None),
    ("nobody like it", Identity(("Grace Chebet",)), [], Kind.NEW, None),
    ("same phone, same name", Identity(("Kamau Wanjiku",)), [known("A", "Mary Wanjiku Kamau", shares=PHONE)], Kind.EXISTING, "A"),
    ("same phone, no name told", Identity((), ("x",)), [known("A", "Mary Wanjiku Kamau", shares=PHONE)], Kind.CANDIDATE, None),
    ("same e-mail, no name told", Identity((), (), ("x",)), [known("A", "Mary Wanjiku", shares=EMAIL)], Kind.CANDIDATE, None),
    ("same phone, no name known", Identity(("Mary Wanjiku",)), [known("A", shares=PHONE)], Kind.CANDIDATE, None),
    ("same phone, no name at all", Identity((), ("x",)), [known("A", shares=PHONE)], Kind.CANDIDATE, None),
    ("one fits, one shares the phone without a name", Identity(("Mary Wanjiku",)),
     [known("A", shares=PHONE), known("B", "Mary Wanjiku", shares=PHONE)], Kind.EXISTING, "B"),
    ("same phone, other name", Identity(("Grace Chebet",)), [known("A", "Mary Wanjiku", shares=PHONE)], Kind.CANDIDATE, None),
    ("same e-mail, other name", Identity(("Grace Chebet",)), [known("A", "Mary Wanjiku", shares=EMAIL)], Kind.CANDIDATE, None),
    ("two fit exactly", Identity(("Mary Wanjiku",)),
     [known("A", "Mary Wanjiku", shares=PHONE), known("B", "Mary Wanjiku", shares=EMAIL)], Kind.CANDIDATE, None),
    ("one fits, one shares the phone under another name", Identity(("Mary Wanjiku",)),
     [known("A", "Grace Chebet", shares=PHONE), known("B", "Mary Wanjiku", shares=PHONE)], Kind.EXISTING, "B"),
    ("similar name only", Identity(("Mary Wanjiku",)), [known("A", "Mary Wanjikuu")], Kind.CANDIDATE, None),
    ("somewhat similar name only", Identity(("Mary Wanjiku",)), [known("A", "Mary Waithera")], Kind.NEW, None),
])
def test_the_resolution_table(
    case: str, identity: Identity | None, candidates: list[KnownPerson], kind: Kind, ref: str | None
) -> None:
    found = resolve(identity, candidates, POLICY.matching, ALIKE)
    assert (found.kind, found.defender_ref) == (kind, ref), case


@pytest.mark.parametrize(("one", "other"), [
    ("Baba Njeri", "Mama Njeri"), ("Mama Njeri", "Njeri"), ("Njeri Wambui", "Mama Njeri Wambui"),
    ("Hassan Ali", "Hawa Ali"), ("Mary Atieno", "Mercy Atieno"), ("James Mwangi", "Jane Mwangi"), ("John Otieno", "Joan Otieno"),
    ("Jane Wambui Kamau", "Peter Wambui Kamau"), ("Jane Kamau", "Peter Wambui Kamau"), ("Wanjiru Kamau", "Wanjiku Kamau"),
    ("Joseph Kariuki", "Josephine Kariuki"), ("Martin Kariuki", "Martina Kariuki"), ("Amin Noor", "Amina Noor"),
    ("Halima Noor", "Halim Noor"), ("Francis Mwangi", "Frances Mwangi"),
    ("Mohamed Abdi Noor", "Mohamud Abdi Noor"), ("Salima Noor", "Salma Noor"),
    ("Otieno Okoth", "Atieno Okoth"), ("J. Kamau", "P. Kamau"), ("J. Kamau", "Peter Kamau"),
    ("J. Kamau", "Jane Kamau"), ("J.W.K.", "Jane Wambui Kamau"), ("Otieno", "Joan Otieno"), ("\u674e \u660e", "\u674e \u83ef"),
    ("20260042", "20260043"), ("20260011", "2026011"),
])  # fmt: skip
def test_two_people_who_share_a_phone_and_a_word_of_their_names_are_put_before_a_human(one: str, other: str) -> None:
    for mine, theirs in ((one, other), (other, one)):
        found = resolve(Identity((mine,)), [known("A", theirs, shares=PHONE)], POLICY.matching, ALIKE)
        assert (found.kind, [each.defender_ref for each in found.suggestions]) == (Kind.CANDIDATE, ["A"]), (mine, theirs)


@pytest.mark.parametrize(("one", "other"), [
    ("Achieng Odhiambo", "Acheng Odhiambo"), ("Mohamed Abdi", "Abdi Mohammed"), ("Mary Wanjiku", "Mary Wanjikuu"),
    ("Hasan Ali", "Hassan Ali"), ("Wanjiku Kamau", "Jane Wanjiku Kamau"), ("Halima A. Noor", "Noor Halima"),
    ("Jane W. Kamau", "Jane Wambui Kamau"), ("Mama Njeri", "mama NJERI"), ("Ng'ang'a Otieno", "Ng\u2019ang\u2019a Otieno"),
    ("Wang\u0169i M\u0169gwe", "Wangui Mugwe"), ("J.W.K.", "j w k"), ("0042", "0042"), ("\u674e \u660e", "\u674e \u660e"),
])  # fmt: skip
def test_one_name_in_two_spellings_on_one_phone_is_one_person(one: str, other: str) -> None:
    for mine, theirs in ((one, other), (other, one)):
        found = resolve(Identity((mine,)), [known("A", theirs, shares=PHONE)], POLICY.matching, ALIKE)
        assert (found.kind, found.defender_ref) == (Kind.EXISTING, "A"), (mine, theirs)


def test_of_two_relatives_on_one_phone_each_is_found_again() -> None:
    register = Register()
    first = {name: register.report(f"NG-{name}", on_one_phone(name)).defender_ref for name in ("Baba Njeri", "Mama Njeri")}
    assert len(set(first.values())) == 2
    for name, ref in first.items():
        again = register.report(f"NG-again-{name}", on_one_phone(name))
        assert (again.resolution, again.defender_ref) == ("existing", ref)


@pytest.mark.parametrize("other", [on_one_phone("Mama Njeri"), on_one_phone("") | {"names": []}], ids=["a name", "no name"])
def test_a_consent_of_one_relative_opens_nothing_of_the_other(other: dict[str, Any]) -> None:
    register = Register()
    first = register.report("NG-1", on_one_phone("Baba Njeri"), contact_safety=SAFE)
    register.change_consent(first.defender_ref or "", consent(at=register.now))
    register.report("NG-2", other, contact_safety=SAFE, consents=[])
    assert str(register.accept(accepted("NG-2", "offer-2")).refusal) == "no_consent"


def test_a_report_without_a_name_adds_nothing_to_the_record_of_the_phones_owner() -> None:
    """Whoever borrows the phone could put a number of their own, or what they call safe, into the record of its owner."""
    register = Register()
    first = register.report("NG-1", MARY, contact_safety=SAFE)
    given = register.reference_for_source(first.defender_ref or "", "form")
    borrowed = {"names": [], "phones": ["0700000001", "0700000099"], "emails": []}
    assert register.report("NG-2", borrowed, contact_safety=SAFE | {"shared_phone": True}).resolution == "candidate"
    add_facts_of(register.ctx, "NG-2")
    assert register.defenders.kept[first.defender_ref or ""].identity.phones == ("+254700000001",)
    register.report("NG-3", defender_ref=given, contact_safety=SAFE)
    register.change_consent(first.defender_ref or "", consent(at=register.now))
    register.accept(accepted("NG-3", "offer-3"))
    told = register.heard.disclosed[-1]
    assert (told["phones"], told["contact_safety"]["shared_phone"]) == (["+254700000001"], False)


def test_a_human_who_links_a_report_without_a_name_makes_it_the_persons() -> None:
    register = Register()
    known_as = register.report("NG-1", MARY).defender_ref or ""
    register.report("NG-2", {"names": [], "phones": ["0700000001"], "emails": []})
    register.link("NG-2", known_as)
    told = {each.case_ref: each for each in register.heard.views}
    assert (told["NG-2"].resolution, told["NG-2"].defender_ref) == ("existing", known_as)


@pytest.mark.parametrize(("name", "reasons"), [
    ("", ("same_phone", "no_name")),
    ("Grace Chebet", ("same_phone", "other_name")),
    ("Mercy Wanjiku", ("same_phone", "other_word")),
    ("Wanjiku", ("same_phone", "part_of_name")),
])
def test_a_suggestion_says_what_about_the_name_did_not_decide(name: str, reasons: tuple[str, ...]) -> None:
    names = (name,) if name else ()
    found = resolve(Identity(names), [known("A", "Mary Wanjiku", shares=PHONE)], POLICY.matching, ALIKE)
    assert found.suggestions[0].reasons == reasons


def test_a_reference_with_a_part_of_the_name_is_believed() -> None:
    by_ref = known("A", "Mary Wanjiku Kamau")
    assert resolve(Identity(("Wanjiku",)), [], POLICY.matching, ALIKE, referenced=by_ref).kind is Kind.BY_REFERENCE
    sister = resolve(Identity(("Mercy Wanjiku Kamau",)), [], POLICY.matching, ALIKE, referenced=by_ref)
    assert sister.kind is Kind.CANDIDATE


def test_a_reference_is_believed_unless_the_name_contradicts() -> None:
    by_ref = known("A", "Mary Wanjiku Kamau")
    assert resolve(None, [], POLICY.matching, ALIKE, referenced=by_ref).kind is Kind.BY_REFERENCE
    other = resolve(Identity(("Grace Chebet",)), [], POLICY.matching, ALIKE, referenced=by_ref)
    assert other.kind is Kind.CANDIDATE
    assert other.suggestions[0].reasons == ("same_reference", "other_name")


def test_suggestions_are_scored_explained_and_few() -> None:
    best = known("best", "Grace Chebet", "Mary Wanjiku", shares=PHONE | EMAIL)
    many = [*(known(f"D{n}", "Mary Wanjiku") for n in range(9)), best]
    found = resolve(Identity(("Mary Wanjiku",)), [*many, known("second", "Mary Wanjiku", shares=PHONE)], POLICY.matching, ALIKE)
    assert len(found.suggestions) == 2 + POLICY.matching.most_candidates, "whoever shares an address and has a name is one more"
    assert found.suggestions[0].defender_ref in {"best", "second"}
    assert found.suggestions[0].score == 1.0
    assert found.suggestions[-1].reasons == ("similar_name",)


def test_a_new_person_and_the_same_one_again() -> None:
    register = Register()
    first = register.report("NG-1", MARY, contact_safety=SAFE)
    again = register.report("NG-2", {"names": ["WANJIKU Mary"], "phones": ["+254700000001"], "emails": []})
    assert (first.resolution, again.resolution) == ("new", "existing")
    assert first.defender_ref == again.defender_ref
    assert (first.may_contact, first.channels) == (True, ("sms", "email"))
    assert (again.may_contact, again.channels) == (False, ())


def test_what_is_no_phone_joins_nobody() -> None:
    register = Register()
    first = register.report("NG-1", {"names": [], "phones": ["none"], "emails": []})
    second = register.report("NG-2", {"names": [], "phones": ["none"], "emails": []})
    assert (first.resolution, second.resolution) == ("new", "new")
    assert first.defender_ref != second.defender_ref


def test_an_event_delivered_twice_resolves_once() -> None:
    register = Register()
    register.report("NG-1", MARY)
    register.report("NG-1", MARY)
    assert len(register.heard.views) == len(register.defenders.kept) == 1


def test_an_anonymous_report_has_no_person_and_nobody_is_contacted() -> None:
    register = Register()
    said = register.report("NG-1", contact_safety=SAFE, attributes={"gender": "woman"}, consents=[consent("attributes")])
    assert (said.resolution, said.defender_ref, said.may_contact) == ("anonymous", None, False)
    assert said.attributes == {"gender": "woman"}
    assert not register.defenders.kept


def test_an_unknown_reference_without_identity_is_anonymous_and_noted() -> None:
    assert Register().report("NG-1", defender_ref="DEF-0000000000").resolution == "anonymous"


def test_by_reference_finds_the_person_of_a_linked_record() -> None:
    register = Register()
    first = register.report("NG-1", MARY)
    given = register.reference_for_source(first.defender_ref or "", "form")
    assert register.report("NG-2", defender_ref=given).defender_ref == first.defender_ref
    assert register.last.resolution == "by_reference"


def test_a_reference_means_nothing_from_another_source_and_neither_does_the_platforms_own() -> None:
    register = Register()
    first = register.report("NG-1", MARY)
    given = register.reference_for_source(first.defender_ref or "", "form")
    other = register.reference_for_source(first.defender_ref or "", "evil")
    assert len({given, other, first.defender_ref}) == 3
    assert register.report("NG-2", defender_ref=given, source_id="evil").resolution == "anonymous"
    assert register.report("NG-3", defender_ref=first.defender_ref, source_id="evil").resolution == "anonymous"


def test_attributes_need_policy_and_consent() -> None:
    register = Register()
    told = {"gender": "woman", "religion": "told", "disability": ["hearing"]}
    assert register.report("NG-1", MARY, attributes=told).attributes == {}
    assert register.report("NG-2", MARY, attributes=told, consents=[consent("attributes")]).attributes == {
        "gender": "woman", "disability": ["hearing"],
    }
    only_one = [consent("attributes", recipient="partner-a")]
    assert register.report("NG-3", MARY, attributes=told, consents=only_one).attributes == {}


@pytest.mark.parametrize("box", [
    ("registry-key", json.dumps({"v": 1, "case_ref": "NG-OTHER", "identity": MARY})),
    ("registry-key", json.dumps({"v": 2, "case_ref": "NG-1", "identity": MARY})),
    ("registry-key", "[]"), ("registry-key", "{"), ("registry-key", '{"v":1,"case_ref":"NG-1","identity":"x"}'),
    ("another-key", json.dumps({"v": 1, "case_ref": "NG-1"})),
])
def test_a_box_of_another_case_key_or_shape_is_broken_and_stores_nothing(box: tuple[str, str]) -> None:
    register = Register()
    with pytest.raises(SealBroken) as caught:
        register.take("NG-1", SealedIdentity(key_id=box[0], box=box[1]))
    assert "Mary" not in str(caught.value)
    assert not register.cases.kept
    assert not register.defenders.kept


def test_what_a_later_report_adds_is_absorbed_once() -> None:
    register = Register()
    first = register.report("NG-1", MARY)
    register.report("NG-2", {"names": ["Mary Wanjiku"], "phones": ["0700000001", "0700000002"], "emails": []})
    add_facts_of(register.ctx, "NG-2")
    add_facts_of(register.ctx, "NG-2")
    assert register.defenders.kept[first.defender_ref or ""].identity.phones == ("+254700000001", "+254700000002")
    assert len(register.heard.views) == 2


def test_a_restriction_said_while_a_case_was_resolved_is_told_when_it_is_absorbed() -> None:
    register = Register()
    first = register.report("NG-1", MARY)
    register.report("NG-2", MARY)
    hidden = register.cases.kept.pop("NG-2")
    register.restrict(first.defender_ref or "", "partner-a")
    register.change_consent(first.defender_ref or "", consent(at=register.now, granted=False))
    register.cases.kept["NG-2"] = hidden
    add_facts_of(register.ctx, "NG-2")
    assert register.last.case_ref == "NG-2"
    assert [each.partner_id for each in register.last.restrictions] == ["partner-a"]
    assert register.heard.consents[-1][0] == "NG-2"


def test_no_repr_shows_who_someone_is() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE, attributes={"religion": "told"})
    shown = repr((register.cases.kept, register.defenders.kept, MARY_KNOWN, register.heard.views))
    for secret in ("Mary", "700000001", "mary@", "mwavuli", "told'"):
        assert secret not in shown


@pytest.mark.parametrize("name", ["J.W.K.", "\u674e \u660e", "0042", "Wanjiru"])
def test_a_short_name_is_somebody_and_matches_itself(name: str) -> None:
    register, identity = Register(), {"names": [name], "phones": ["0700000007"], "emails": []}
    first = register.report("NG-1", identity)
    assert (register.report("NG-2", identity).resolution, register.last.defender_ref) == ("existing", first.defender_ref)


def test_two_strangers_whose_names_are_withheld_are_two() -> None:
    register = Register()
    for case_ref, phone in (("NG-1", "0700000008"), ("NG-2", "0700000009")):
        assert register.report(case_ref, {"names": ["Name Withheld"], "phones": [phone], "emails": []}).resolution == "new"


@pytest.mark.parametrize("nobody", [
    {"names": ["Name Withheld"], "phones": [], "emails": ["none@none.com"]},
    {"names": ["Unknown Unknown"], "phones": [], "emails": ["name.withheld@example.org"]},
    {"names": ["Name Withheld", "Unknown"], "phones": ["0700000000"], "emails": ["NONE@none.com"]},
])  # fmt: skip
def test_two_strangers_with_an_address_without_an_owner_are_two(nobody: dict[str, Any]) -> None:
    register = Register()
    assert [register.report(case_ref, nobody).resolution for case_ref in ("NG-1", "NG-2")] == ["new", "new"]


def test_what_was_said_of_a_phone_stays_beside_its_reading_and_an_extension_is_no_other_person() -> None:
    register = Register()
    first = register.report("NG-1", {"names": ["Ofisi Kuu"], "phones": ["0700 000 011 ext. 5"], "emails": []})
    told = register.cases.kept["NG-1"].facts.identity
    assert told
    assert (told.phones, told.phones_as_stated) == (("+254700000011;ext=5",), ("0700 000 011 ext. 5",))
    again = register.report("NG-2", {"names": ["Ofisi Kuu"], "phones": ["0700000011"], "emails": []})
    assert again.defender_ref == first.defender_ref
