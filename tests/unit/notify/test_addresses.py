"""One reading of an address: what the roster takes is what a letter can be handed over to."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.notify.channels.email_address import AddressUnreadableError, read_address
from services.notify.roster.responses import RosterEntry


@pytest.mark.parametrize(
    ("given_address", "read"),
    [
        ("ng'ang'a@example.org", "ng'ang'a@example.org"),
        ("desk@münchen.example", "desk@xn--mnchen-3ya.example"),
        (" desk@Example.ORG ", "desk@example.org"),
        ("asha+desk@example.org", "asha+desk@example.org"),
    ],
)
def test_an_address_that_can_be_reached_is_taken_as_it_goes_on_the_wire(given_address: str, read: str) -> None:
    assert RosterEntry().load({"email": given_address})["email"] == read


@pytest.mark.parametrize(
    "wrong",
    ["zoë@example.org", "asha", "a b@example.org", "a@b", "a@example.org, b@example.org", "a@-x.org", "@example.org",
     "a@exa mple.org", "a@example.org\r\nRCPT TO:<b@example.org>", "Asha <asha@example.org>",
     "a..b@example.org", "a@" + "x" * 250 + ".org"],
)  # fmt: skip
def test_an_address_that_cannot_be_reached_is_refused_when_it_is_entered_and_not_repeated(wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RosterEntry().load({"email": wrong})
    assert wrong not in str(refused.value.messages)


@settings(suppress_health_check=[HealthCheck.too_slow])  # generating addresses reads a list of domains first
@given(st.emails() | st.text(max_size=40))
def test_what_is_taken_once_is_read_the_same_a_second_time_and_is_plain_ascii(given_address: str) -> None:
    try:
        read = read_address(given_address)
    except AddressUnreadableError:
        return
    assert read_address(read) == read
    assert read.isascii()
    assert not any(char.isspace() for char in read)
