"""A contact is never shown without how it is safe to use it."""

from __future__ import annotations

from typing import Any

import pytest

from ngao.kernel.actors import Actor
from services.registry.application.tell_defender import Reader, tell_defender_of_case
from services.registry.domain.identity import ContactSafety
from services.registry.http_api import DefenderShown, defender_answer
from tests.support.registry import MARY, SAFE, Register

SEES, MASKED = (Reader(Actor.operator("asha"), "case_work", sees_identity=sees) for sees in (True, False))
HOURS = [{"opens": "20:00", "closes": "21:00", "days": ["sat"]}]
CAREFUL = {**SAFE, "hours": HOURS, "shared_phone": True, "instructions": "Ask for the tailor."}


def shown(safety: dict[str, Any] | None, reader: Reader = SEES) -> dict[str, Any]:
    register = Register()
    register.report("NG-1", MARY, contact_safety=safety)
    answer: dict[str, Any] = DefenderShown().dump(defender_answer(tell_defender_of_case(register.ports, "NG-1", reader)))
    return answer


def codes(answer: dict[str, Any]) -> list[str]:
    return [each["code"] for each in answer["contact"][0]["cautions"]]


def test_phones_come_with_channels_hours_code_word_instructions_and_cautions() -> None:
    answer = shown(CAREFUL)
    assert answer["identity"]["phones"] == ["+254700000001"]
    (contact,) = answer["contact"]
    assert {name: contact["safety"][name] for name in CAREFUL} == CAREFUL
    assert codes(answer) == ["only_channels", "shared_phone", "code_word", "safe_hours", "no_voicemail", "instructions"]
    assert "sms, email" in contact["cautions"][0]["text"]


@pytest.mark.parametrize("safety", [None, {**SAFE, "may_contact": False}, {**SAFE, "channels": []}])
def test_where_contact_is_not_safe_that_is_all_that_is_said_about_it(safety: dict[str, Any] | None) -> None:
    assert codes(shown(safety)) == ["do_not_contact"]


def test_whoever_may_not_see_identity_sees_the_cautions_and_neither_code_word_nor_instructions() -> None:
    answer = shown(CAREFUL, MASKED)
    assert answer["contact"][0]["safety"] is None
    assert "shared_phone" in codes(answer)
    assert "mwavuli" not in str(answer)
    assert "tailor" not in str(answer)


def test_each_case_says_its_own_and_a_withdrawn_one_says_do_not_contact() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE)
    register.report("NG-2", MARY, contact_safety=SAFE)
    register.cases.kept["NG-1"].withdraw(register.now)
    record = tell_defender_of_case(register.ports, "NG-2", SEES)
    said = {each.case_ref: each.cautions[0].code for each in record.contact}
    assert said == {"NG-1": "do_not_contact", "NG-2": "only_channels"}
    assert ContactSafety.from_dict(SAFE) == next(each.safety for each in record.contact if each.case_ref == "NG-2")
