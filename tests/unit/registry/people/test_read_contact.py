"""A number is read with a reason and in the safe hours; outside of them only with a second reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ngao.chassis.errors import Forbidden, InvalidInput, NotFound
from ngao.chassis.http.bounds import PurposeNotAllowed
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE, Grant
from ngao.contracts import DataClass
from services.registry.people.read_contact import read_contact
from services.registry.people.responses import ContactRead
from tests.support.registry import MARY, SAFE, Register, consent

NOW_OPEN = [{"opens": "11:00", "closes": "13:00", "days": []}]
NOW_CLOSED = [{"opens": "18:00", "closes": "20:00", "days": []}]
WHY, SECOND = "case_work", "case_work"


def reported(safety: dict[str, Any] | None) -> Register:
    register = Register()
    register.report("NG-1", MARY, contact_safety=safety)
    return register


def asked(register: Register, **more: str) -> dict[str, Any]:
    answer: dict[str, Any] = ContactRead().dump(read_contact(register.ctx, "NG-1", **{"reason": WHY, **more}))
    return answer


def on_record(register: Register) -> dict[str, str]:
    return register.heard.details["contact.read"]


def test_in_the_safe_hours_a_reason_shows_the_number_and_how_it_is_safe() -> None:
    register = reported({**SAFE, "hours": NOW_OPEN, "instructions": "Ask for the tailor."})
    answer = asked(register)
    assert (answer["refused"], answer["zone"], answer["hours"]) == (None, "UTC", NOW_OPEN)
    assert answer["identity"] == {"names": MARY["names"], "phones": ["+254700000001"], "emails": MARY["emails"]}
    assert (answer["safety"]["code_word"], answer["safety"]["shared_phone"]) == ("mwavuli", False)
    person = register.cases.kept["NG-1"].defender_ref
    assert ("contact.read", person, "operator:o") in register.heard.audited
    assert on_record(register) == {"reason": WHY, "case": "NG-1", "shown": "values"}


def test_outside_of_the_safe_hours_only_the_hours_are_shown() -> None:
    register = reported({**SAFE, "hours": NOW_CLOSED})
    answer = asked(register)
    assert (answer["refused"], answer["hours"], answer["safety"], answer["identity"]) == ("outside_hours", NOW_CLOSED, None, None)
    assert not any(each in str(answer) for each in ("Mary", "700000001", "mwavuli"))
    assert on_record(register)["shown"] == "hours"


def test_a_second_reason_shows_it_nevertheless_and_is_on_record() -> None:
    register = reported({**SAFE, "hours": NOW_CLOSED})
    answer = asked(register, despite=SECOND)
    assert (answer["refused"], answer["identity"]["phones"]) == ("outside_hours", ["+254700000001"])
    assert on_record(register) == {"reason": WHY, "case": "NG-1", "shown": "values", "despite": SECOND}


def test_the_hours_are_those_of_the_zone_of_policy() -> None:
    register = reported({**SAFE, "hours": NOW_OPEN})
    register.policy = replace(register.policy, zone="Africa/Nairobi")
    assert asked(register)["refused"] == "outside_hours", "it is 15:00 there"


@pytest.mark.parametrize("safety", [None, {**SAFE, "may_contact": False}, {**SAFE, "channels": []}])
def test_where_contact_is_not_safe_nothing_is_shown_without_a_second_reason(safety: dict[str, Any] | None) -> None:
    register = reported(safety)
    answer = asked(register)
    assert (answer["refused"], answer["identity"], answer["cautions"][0]["code"]) == ("not_safe", None, "do_not_contact")
    assert asked(register, despite=SECOND)["identity"]["phones"] == ["+254700000001"]


def test_an_address_of_a_channel_that_is_not_safe_is_not_shown() -> None:
    identity = asked(reported({**SAFE, "channels": ["email"]}))["identity"]
    assert (identity["phones"], identity["emails"]) == ([], MARY["emails"])


def test_a_withdrawn_report_says_that_nothing_is_safe() -> None:
    register = reported(SAFE)
    register.cases.kept["NG-1"].withdraw(register.now)
    assert (asked(register)["refused"], asked(register)["identity"]) == ("not_safe", None)


@pytest.mark.parametrize("reasons", [{"reason": "curiosity"}, {"despite": "curiosity"}])
def test_a_reason_that_policy_does_not_know_is_refused(reasons: dict[str, str]) -> None:
    register = reported({**SAFE, "hours": NOW_CLOSED})
    with pytest.raises(InvalidInput):
        asked(register, **reasons)
    assert "contact.read" not in register.heard.details


@pytest.mark.parametrize(("grant", "refusal"), [
    (Grant(purposes=frozenset({"correction"})), Forbidden),
    (Grant(sees=frozenset({DataClass.INTERNAL})), Forbidden),
    (Grant(reach="hub"), Forbidden),
])  # fmt: skip
def test_who_may_not_see_identity_for_this_reason_gets_nothing(grant: Grant, refusal: type[Exception]) -> None:
    register = reported(SAFE)
    who = Principal("operator", "o", {"identity:read": grant}, grant=grant)
    with pytest.raises(refusal):
        read_contact(replace(register.ctx, principal=who), "NG-1", reason=WHY)


def test_a_second_reason_must_be_one_that_the_caller_may_give() -> None:
    register = reported({**SAFE, "hours": NOW_CLOSED})
    register.policy = replace(register.policy, read_reasons=(WHY, "safety_check"))
    who = Principal("operator", "o", {"identity:read": WHOLE}, grant=Grant(purposes=frozenset({WHY})))
    with pytest.raises(PurposeNotAllowed):
        read_contact(replace(register.ctx, principal=who), "NG-1", reason=WHY, despite="safety_check")


def test_an_unknown_case_and_one_without_a_person_are_the_same() -> None:
    register = Register()
    register.report("NG-2", consents=[consent()])
    for case_ref in ("NG-1", "NG-2"):
        with pytest.raises(NotFound, match="There is no known defender for this case"):
            read_contact(register.ctx, case_ref, reason=WHY)
