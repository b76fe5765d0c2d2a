"""A phone number reaches the helper as it was said: one is one, two are two, a piece of a number is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.kernel.phones import keys_of, read_phones, readings

ONE, OTHER = "+254700000002", "+254700000004"
DESK = f"+{254}202712345"


@pytest.mark.parametrize("said", [
    "0700000002", "0700 000 002", "0700-000-002", "(0700) 000002", "0700.000.002", "+254 700 000 002",
    "+254 (0) 700 000 002", "+254700000002", "254700000002", "254 700 000 002", "00254700000002", "07 00 00 00 02",
    "700000002", "700000002.0", "254700000002.0", "0700000002 ",
    "\u0660\u0667\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0662", "0700\u00a0000\u00a0002", "\u200e+254700000002\u200e",
    "2.54700000002E+11", "tel: 0700 000 002", "simu 0700000002", "call 0700 000 002 after dark",
])  # fmt: skip
def test_one_number_is_one(said: str) -> None:
    assert readings([said], "KE") == (ONE,)


@pytest.mark.parametrize("between", [
    "/", " / ", ",", ", ", ";", " or ", " au ", " ama ", " na ", " and ", " & ", "\n", " | ", " ", "  ", "/ ",
])
@pytest.mark.parametrize(("first", "second"), [("0700000002", "0700000004"), ("0700 000 002", "0700 000 004"), (ONE, OTHER)])
def test_two_numbers_are_two(first: str, second: str, between: str) -> None:
    assert readings([f"{first}{between}{second}"], "KE") == (ONE, OTHER)


@pytest.mark.parametrize("said", [
    "020 271 2345 ext. 5", "0202712345 ext 5", "0202712345x5", "020 2712345, ext 5", DESK + ";ext=5",
])
def test_an_extension_stays_with_its_number_and_does_not_make_another_person(said: str) -> None:
    assert readings([said], "KE") == (f"{DESK};ext=5",)
    assert keys_of([said], "KE") == (DESK,)


@pytest.mark.parametrize("said", ["0712", "600", "none", "0", "hana simu", "-", "12 34", "0712 xxx", "ask the office"])
def test_a_piece_of_a_number_is_nobodys_key_and_is_handed_on_as_said(said: str) -> None:
    assert keys_of([said], "KE") == ()
    assert readings([said], "KE") == (said,)


ROUNDED = [
    "2.547E+11", "2.54713E+11", "7.126E+08", "2.5471E11", "7E+08", "2.547e11", "2.54700000E+11", "2,54713E+11", "+2.54713E+11",
]  # fmt: skip


@pytest.mark.parametrize("said", ROUNDED)
@pytest.mark.parametrize("around", ["{}", "tel {}", "{} after dark"])
def test_a_number_that_a_spreadsheet_has_rounded_is_nobodys(said: str, around: str) -> None:
    """What was rounded off is not known: the digits put in its place are another person's number."""
    text = around.format(said)
    assert keys_of([text], "KE") == ()
    assert readings([text], "KE") == (text,)


@pytest.mark.parametrize("said", [
    "2.54700000002E+11", "7.00000002E+08", "2.54700000002e11", "2,54700000002E+11", "+2.54700000002E+11",
])  # fmt: skip
def test_a_number_in_scientific_notation_with_all_of_its_digits_is_that_number(said: str) -> None:
    assert keys_of([said], "KE") == (ONE,)


def test_beside_a_rounded_number_a_whole_one_is_read() -> None:
    assert keys_of(["2.54713E+11 / 0700 000 002"], "KE") == (ONE,)


def test_the_same_number_written_twice_is_there_once() -> None:
    assert readings(["0700000002 / +254 700 000 002", "0700-000-002"], "KE") == (ONE,)


def test_a_number_of_a_neighbour_keeps_what_was_said_beside_the_reading() -> None:
    (phone,) = read_phones("0772 123 456", "KE")
    assert (phone.number, phone.as_said) == (f"+{254}772123456", "0772 123 456")
    assert readings(["+256 772 123456"], "KE") == ("+256772123456",)


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error_and_nothing_visible_is_lost(said: str) -> None:
    found = readings([said], "KE")
    assert all(each.strip() == each and each for each in found)
    assert found or not any(char.isalnum() for char in said)


@pytest.mark.parametrize("said", ["0700000.000", "07000000.00", "070000000.0", "072999999.0"])
def test_a_point_before_the_last_zeros_groups_digits_where_only_all_of_them_are_a_number(said: str) -> None:
    assert keys_of([said], "KE") == ("+254" + said.replace(".", "")[1:],)


@given(st.integers(700_000_000, 729_999_999), st.lists(st.sampled_from([" ", "-", ".", ""]), min_size=9, max_size=9))
def test_however_the_digits_are_grouped_the_number_is_one(number: int, signs: list[str]) -> None:
    digits = f"0{number}"
    said = "".join(digit + sign for digit, sign in zip(digits, [*signs, ""], strict=True))
    assert keys_of([said], "KE") == (f"+254{number}",)
