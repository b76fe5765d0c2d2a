"""A returning person is recognised by how phones, e-mails and names are written down in one form."""

from __future__ import annotations

import pytest

from services.intake.application.person_keys import person_keys
from services.intake.domain.draft import Person
from services.intake.policy import IntakePolicy


class Plain:
    """Shows what would be hashed."""

    def of(self, kind: str, value: str) -> str:
        return f"{kind}:{value}"


@pytest.mark.parametrize("written", ["0700000123", "+254 700 000 123", "254-700-000-123", "0700 000 123"])
def test_a_phone_is_the_same_however_it_is_written(written: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"phones": [written]}), Plain(), policy.rules) == ("phone:+254700000123",)


@pytest.mark.parametrize("fragment", ["0712", "600", "ext. 12", "none"])
def test_what_is_no_number_makes_no_strangers_one_person(fragment: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"phones": [fragment]}), Plain(), policy.rules) == ()


def test_two_numbers_in_one_text_are_two_keys(policy: IntakePolicy) -> None:
    keys = person_keys(Person({"phones": ["0700000106/0700000107"]}), Plain(), policy.rules)
    assert keys == ("phone:+254700000106", "phone:+254700000107")


def test_keys_are_made_of_all_that_identifies(policy: IntakePolicy) -> None:
    identity = {"names": ["Mary  EXAMPLE", "Mary"], "phones": ["0700000123"], "emails": [" Mary@Example.org"]}
    keys = person_keys(Person(identity, defender_ref="DEF-1"), Plain(), policy.rules)
    assert keys == ("defender:DEF-1", "email:mary@example.org", "name:mary example", "phone:+254700000123")


def test_an_anonymous_report_has_no_keys(policy: IntakePolicy) -> None:
    assert person_keys(Person(), Plain(), policy.rules) == ()


@pytest.mark.parametrize("name", ["Name Withheld", "ANONYMOUS", "Jina limehifadhiwa", "J. W. K.", "Wanjiru", "\u200b", "--"])
def test_a_placeholder_initials_and_one_name_alone_make_no_strangers_one_person(name: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"names": [name]}), Plain(), policy.rules) == ()


@pytest.mark.parametrize("phone", ["0700000000", "0712345678", "0711111111"])
def test_a_dummy_number_makes_no_strangers_one_person(phone: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"phones": [phone]}), Plain(), policy.rules) == ()


@pytest.mark.parametrize("name", ["Ng'ang'a Otieno", "Ng\u2019ang\u2019a OTIENO", "Ng\u02bcang\u02bca  Otieno"])
def test_a_name_is_the_same_however_its_apostrophe_is_written(name: str, policy: IntakePolicy) -> None:
    assert person_keys(Person({"names": [name]}), Plain(), policy.rules) == ("name:nganga otieno",)
