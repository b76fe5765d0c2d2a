"""One reading of a name for all services; a placeholder is no one, an initial is somebody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.kernel.names import comparable, words
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.text import clean, western_digits

LISTED = Placeholders.of(
    ["Name Withheld", "Haijulikani", "N/A", "Unknown", "None", "No name", "John Doe"],
    ["0700000000", "0712345678"],
    "KE",
    beside=["Female", "For safety"],
    emails=["no email@", "@none.com", "nobody.here@example.net"],
)


@pytest.mark.parametrize(("one", "other"), [
    ("Ng'ang'a", "Ng\u2019ang\u2019a"), ("Ng'ang'a", "NGANGA"), ("Zo\u00eb Wanjiru", "Zoe\u0308 Wanjiru"), ("Zo\u00eb", "Zoe"),
    ("  Amina   Otieno ", "amina otieno"), ("Zuhura\u200b Nyota", "Zuhura Nyota"), ("\ufeffZuhura", "Zuhura"),
    ("J. K. Otieno", "j k otieno"),
])  # fmt: skip
def test_how_a_name_is_written_does_not_make_another_person(one: str, other: str) -> None:
    assert comparable(one) == comparable(other) != ""


@pytest.mark.parametrize(("name", "expected"), [
    ("J K", ("j", "k")), ("J.W.K.", ("j", "w", "k")), ("Wanjiru", ("wanjiru",)), ("Mama 7", ("mama",)), ("0042", ("0042",)),
    ("\u674e \u5a1c", ("\u674e", "\u5a1c")),
])
def test_initials_one_word_names_and_names_without_an_alphabet_keep_their_words(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\x00", "...", "--", "\x1b"])
def test_a_name_without_a_letter_is_no_name(name: str) -> None:
    assert not LISTED.is_name(name)


@pytest.mark.parametrize("name", ["Name Withheld", "name  withheld", "NAME-WITHHELD", "haijulikani", "n/a", "N / A"])
def test_a_placeholder_is_no_name_however_it_is_written(name: str) -> None:
    assert not LISTED.is_name(name)


@pytest.mark.parametrize("name", [
    "Unknown Unknown", "none NONE", "Unknown Female", "Female, unknown", "Name withheld for safety", "None / Haijulikani",
])  # fmt: skip
def test_a_name_made_of_placeholders_alone_is_no_name(name: str) -> None:
    assert not LISTED.is_name(name)


@pytest.mark.parametrize("name", [
    "Grace None", "Unknown Otieno", "Female", "Female Safety", "John", "Doe", "John Withheld", "Name", "Safety", "Doe John",
])  # fmt: skip
def test_a_word_of_a_placeholder_beside_a_name_or_by_itself_is_somebodys(name: str) -> None:
    assert LISTED.is_name(name)


@pytest.mark.parametrize("address", [
    "none@none.com", "None@Example.org", " no.email@example.org", "NO_EMAIL@example.org", "mary@None.com",
    "nobody.here@example.net", "n/a@example.org", "john.doe@example.org", "x@x.com", "none", "@example.org", "mary@", "",
])  # fmt: skip
def test_an_address_without_an_owner_is_nobodys(address: str) -> None:
    assert LISTED.real_emails([address]) == ()
    assert list(LISTED.without_placeholders([("email", address)])) == []


@pytest.mark.parametrize("address", ["mary@example.org", "grace.none@example.org", "none77@example.org", "here@example.net"])
def test_an_address_with_an_owner_is_somebodys(address: str) -> None:
    assert LISTED.real_emails([f" {address.upper()} "]) == (address,)
    assert list(LISTED.without_placeholders([("email", address)])) == [("email", address)]


def test_a_name_that_only_contains_a_placeholder_is_somebodys() -> None:
    assert LISTED.real_names(["Name Withheld Otieno", "Amina"]) == ("Name Withheld Otieno", "Amina")


@pytest.mark.parametrize("phone", ["0700000000", "+254 700 000 000", "0712345678", "0799999999", "0000000000", "0712", "600"])
def test_a_dummy_number_and_a_piece_of_one_are_nobodys(phone: str) -> None:
    assert LISTED.real_phones([phone], "KE") == ()


def test_control_signs_and_line_ends_are_put_in_order() -> None:
    assert clean("\x1b[31mZuhura\x00 Nyota\r\nat noon\r") == "[31mZuhura Nyota\nat noon"
    assert western_digits("\u0662\u0660\u0662\u0666-\u0661\u0661") == "2026-11"


@given(st.text(max_size=80))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert words(clean(text)) == words(text)
