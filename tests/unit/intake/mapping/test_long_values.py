"""A value that is longer than its place, or broken in two ways at once, costs that value alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import ValidationError, validate

from ngao.contracts import field_errors
from ngao.contracts.classes import Pattern
from ngao.contracts.schemas.report import Attachment, Identity
from services.intake.mapping.lenient import ReadReport, read_leniently
from services.intake.mapping.mapping import map_native
from services.intake.policy import IntakePolicy
from tests.support.cases import case

LONG = "a" * 900_000
GOOD = "mary@example.org"
FILE = {"name": "a.ogg", "media_type": "audio/ogg", "sha256": "0" * 64}


def read(policy: IntakePolicy, **parts: Any) -> ReadReport:
    """A form whose profile has made these parts of a report of it."""
    mapped = map_native(policy.profiles["kobo"], case("form/email-none"))
    mapped.report.update(parts)
    return read_leniently(mapped, policy.vocabulary, datetime.now(UTC))


def left_out(taken: ReadReport) -> set[str]:
    return {each.field for each in taken.left_out}


@pytest.mark.parametrize("address", [f"{LONG}@example.org", LONG, f"{LONG}@", "no address"])
def test_an_address_that_is_none_costs_itself_and_is_named(policy: IntakePolicy, address: str) -> None:
    identity = {"names": ["Mary Example"], "emails": [GOOD, address, GOOD, address, GOOD]}
    taken = read(policy, subject={"identity": identity})
    assert taken.draft.person.identity is not None
    assert taken.draft.person.identity["emails"] == [GOOD, GOOD, GOOD]
    assert left_out(taken) >= {"/person~1email"}


def test_an_address_too_long_is_all_that_was_given_and_the_call_is_taken(policy: IntakePolicy) -> None:
    taken = read(policy, subject={"identity": {"emails": [f"{LONG}@example.org"]}})
    assert not taken.draft.person.is_named
    assert taken.draft.violations


@pytest.mark.parametrize("broken", [{"url": f"https://a.org/{LONG}"}, {"url": LONG}, {"url": "ftp://a", "media_type": LONG}])
def test_a_file_whose_place_cannot_be_read_costs_no_other_file(policy: IntakePolicy, broken: dict[str, str]) -> None:
    taken = read(policy, attachments=[FILE | broken, FILE | {"name": "b.ogg"}])
    assert [each["name"] for each in taken.draft.attachments] == ["b.ogg"]
    assert left_out(taken) > left_out(read(policy))


def test_a_consent_that_is_broken_twice_costs_no_other_consent(policy: IntakePolicy) -> None:
    broken, good = {"purpose": "x", "until": "never"}, {"purpose": "referral", "scope": ["contact"]}
    taken = read(policy, consent=[broken, good])
    assert [each.purpose for each in taken.draft.consents] == ["referral"]


@pytest.mark.parametrize("field", ["emails", "url", "media_type"])
def test_what_is_too_long_is_one_fault_and_is_compared_with_no_pattern(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    for validator in (validate.Email, validate.URL, Pattern):
        monkeypatch.setattr(validator, "__call__", lambda _self, value: compared.append(len(value)) or value)
    broken = {"emails": [LONG]} if field == "emails" else FILE | {field: LONG}
    schema = Identity() if field == "emails" else Attachment()
    with pytest.raises(ValidationError) as refused:
        schema.load(broken)
    [fault] = field_errors(refused.value.messages)
    assert fault.code == "length"
    assert len(LONG) not in compared
