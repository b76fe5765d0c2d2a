"""A returning person is recognised by how phones, e-mails and names are written down in one form."""

from __future__ import annotations

import pytest

from services.intake.application.person_keys import normal_phone, person_keys
from services.intake.domain.draft import Person


class Plain:
    """Shows what would be hashed."""

    def of(self, kind: str, value: str) -> str:
        return f"{kind}:{value}"


@pytest.mark.parametrize("written", ["0700000123", "+254 700 000 123", "254-700-000-123", "0700 000 123"])
def test_a_phone_is_the_same_however_it_is_written(written: str) -> None:
    assert normal_phone(written, "KE") == "+254700000123"


def test_what_is_no_number_keeps_its_digits() -> None:
    assert normal_phone("ext. 12", "KE").lstrip("+").endswith("12")


def test_keys_are_made_of_all_that_identifies() -> None:
    identity = {"names": ["Mary  EXAMPLE", "Mary"], "phones": ["0700000123"], "emails": [" Mary@Example.org"]}
    keys = person_keys(Person(identity, defender_ref="DEF-1"), Plain(), "KE")
    assert keys == ("defender:DEF-1", "email:mary@example.org", "name:mary example", "phone:+254700000123")


def test_an_anonymous_report_has_no_keys() -> None:
    assert person_keys(Person(), Plain(), "KE") == ()
