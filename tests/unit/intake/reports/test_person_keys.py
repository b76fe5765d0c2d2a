"""A returning person is recognised by how phones, e-mails and names are written down in one form."""

from __future__ import annotations

import pytest

from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Person
from services.intake.reports.person_keys import person_keys


class Plain:
    """Shows what would be hashed."""

    def lookup_hash(self, kind: str, value: str) -> str:
        return f"{kind}:{value}"


@pytest.mark.parametrize("written", ["0700000123", "+254 700 000 123", "254-700-000-123", "0700 000 123"])
def test_a_phone_is_the_same_however_it_is_written(written: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"phones": [written]}), Plain(), policy) == ("phone:+254700000123",)


@pytest.mark.parametrize("fragment", ["0712", "600", "ext. 12", "none"])
def test_what_is_no_number_makes_no_strangers_one_person(fragment: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"phones": [fragment]}), Plain(), policy) == ()


def test_two_numbers_in_one_text_are_two_keys(policy: IntakePolicy) -> None:
    keys = person_keys(Person({"phones": ["0700000106/0700000107"]}), Plain(), policy)
    assert keys == ("phone:+254700000106", "phone:+254700000107")


def test_keys_are_made_of_all_that_identifies(policy: IntakePolicy) -> None:
    identity = {"names": ["Mary  EXAMPLE", "Mary"], "phones": ["0700000123"], "emails": [" Mary@Example.org"]}
    keys = person_keys(Person(identity, defender_ref="DEF-1"), Plain(), policy)
    assert keys == (
        "defender:DEF-1", "email:mary@example.org", "name:example mary", "name:mary example", "phone:+254700000123",
    )  # fmt: skip


def test_an_anonymous_report_has_no_keys(policy: IntakePolicy) -> None:
    assert person_keys(Person(), Plain(), policy) == ()


@pytest.mark.parametrize("name", ["Name Withheld", "ANONYMOUS", "Jina limehifadhiwa", "J. W. K.", "Wanjiru", "\u200b", "--"])
def test_a_placeholder_initials_and_one_name_alone_make_no_strangers_one_person(name: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"names": [name]}), Plain(), policy) == ()


@pytest.mark.parametrize("name", [
    "Unknown Unknown", "none none", "N/A N/A", "Unknown Female", "Name withheld for safety", "Name withheld for safety reasons",
    "Not disclosed", "Withheld Name", "First name Last name", "Jina halijulikani", "Jina halijatajwa", "Mtu asiyejulikana",
    "Fulani bin Fulani", "Hakuna Hakuna", "Mwanamke asiyejulikana", "Jina limefichwa kwa usalama",
])  # fmt: skip
def test_words_that_name_no_one_make_no_strangers_one_person(name: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"names": [name]}), Plain(), policy) == ()


@pytest.mark.parametrize("name", ["Grace None", "Unknown Otieno", "Amina Siri", "Baraka Fulani"])
def test_a_real_name_beside_such_a_word_is_somebodys(name: str, policy: IntakePolicy) -> None:
    assert f"name:{name.lower()}" in person_keys(Person({"names": [name]}), Plain(), policy)


@pytest.mark.parametrize("email", [
    "none@none.com", "NA@na.na", "noemail@gmail.com", "no-email@yahoo.com", "test@test.com", "noemail@noemail.com",
    "nomail@mail.com", "hakuna@gmail.com", "sina@sina.com", "sinaemail@gmail.com", "anonymous@anonymous.com", "x@x.com", "none",
    "-", "n/a",
])  # fmt: skip
def test_an_address_without_an_owner_makes_no_strangers_one_person(email: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"names": ["Name Withheld"], "emails": [email]}), Plain(), policy) == ()


def _shared(one: str, other: str, policy: IntakePolicy) -> set[str]:
    first, second = (person_keys(Person({"names": [name]}), Plain(), policy) for name in (one, other))
    return set(first) & set(second)


@pytest.mark.parametrize(("one", "other"), [
    ("Grace Achieng", "Achieng Grace"), ("Achieng Grace", "GRACE, Achieng"), ("Grace Achieng Otieno", "Otieno Grace Achieng"),
])  # fmt: skip
def test_a_name_is_the_same_in_whatever_order_its_words_come(one: str, other: str, policy: IntakePolicy) -> None:
    assert _shared(one, other, policy)


@pytest.mark.parametrize("name", ["Grace Achieng", "Achieng Grace"])
def test_the_key_that_the_version_before_stored_is_still_among_them(name: str, policy: IntakePolicy) -> None:
    """It kept the order of the words as they were written."""
    assert f"name:{name.lower()}" in person_keys(Person({"names": [name]}), Plain(), policy)


@pytest.mark.parametrize("phone", ["0700000000", "0712345678", "0711111111"])
def test_a_dummy_number_makes_no_strangers_one_person(phone: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"phones": [phone]}), Plain(), policy) == ()


@pytest.mark.parametrize("name", ["Ng'ang'a Otieno", "Ng\u2019ang\u2019a OTIENO", "Ng\u02bcang\u02bca  Otieno"])
def test_a_name_is_the_same_however_its_apostrophe_is_written(name: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"names": [name]}), Plain(), policy) == ("name:nganga otieno",)
