"""What is typed about a contact becomes the registry's form of it, careful where nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.contact.model import contact_of, field_refused
from services.registry.contact.requests import ContactToKeep

TYPED = {"channel": "phone", "address": " 0700 000 001 ", "use": "yes", "confirmed_how": "in_person"}


def test_what_is_typed_is_taken_by_the_registry() -> None:
    typed = TYPED | {"opens": "18:00", "closes": "20:00", "mon": "yes", "sat": "yes", "others": "yes", "code_word": "jua"}
    loaded = ContactToKeep().load(contact_of(typed))
    assert (loaded["address"], loaded["allowed"], loaded["shared_device"]) == ("0700 000 001", True, True)
    assert loaded["hours"] == [{"opens": "18:00", "closes": "20:00", "days": ["mon", "sat"]}]


def test_what_is_not_said_is_careful_and_without_hours_it_is_any_time() -> None:
    loaded = ContactToKeep().load(contact_of(TYPED | {"use": "person_calls"}))
    assert (loaded["allowed"], loaded["person_calls"], loaded["low_detail"]) == (False, True, True)
    assert (loaded["voicemail"], loaded["hours"]) == ("never", [])


def test_half_of_the_hours_is_refused_by_the_registry_and_not_taken_as_any_time() -> None:
    assert ContactToKeep().validate(contact_of(TYPED | {"opens": "18:00", "closes": ""}))


@pytest.mark.parametrize(("pointer", "code", "field"), [
    ("/address", "two_phones", "two_phones"), ("/address", "format", "address"), ("/hours/0/closes", "no_time", "no_time"),
    ("/hours/0/opens", "format", "hours"), ("/zone", "unknown_zone", "zone"), ("/code_word", "length", "other"),
])  # fmt: skip
def test_the_field_that_was_refused_has_a_sentence(pointer: str, code: str, field: str) -> None:
    errors: list[dict[str, Any]] = [{"pointer": pointer, "code": code}]
    assert field_refused(errors) == field
    assert field_refused([]) == "other"
