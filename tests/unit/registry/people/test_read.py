"""A contact is never shown without how it is safe to use it."""

from __future__ import annotations

from typing import Any

import pytest

from services.registry.candidates.responses import CandidatesShown, review_answer
from services.registry.candidates.review import review
from services.registry.people.identity import ContactSafety
from services.registry.people.read import person_shown
from services.registry.people.responses import DefenderShown, defender_answer
from services.registry.people.showing import PersonShown, Reader
from tests.support.registry import MARY, SAFE, Register

SEES, MASKED = (Reader("case_work", sees_identity=sees) for sees in (True, False))
HOURS = [{"opens": "20:00", "closes": "21:00", "days": ["sat"]}]
CAREFUL = {**SAFE, "hours": HOURS, "shared_phone": True, "instructions": "Ask for the tailor."}


def record_of(register: Register, case_ref: str, reader: Reader) -> PersonShown:
    return person_shown(register.ctx, register.cases.kept[case_ref].defender_ref or "", reader)


def shown(safety: dict[str, Any] | None, reader: Reader = SEES) -> dict[str, Any]:
    register = Register()
    register.report("NG-1", MARY, contact_safety=safety)
    answer: dict[str, Any] = DefenderShown().dump(defender_answer(record_of(register, "NG-1", reader)))
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
    record = record_of(register, "NG-2", SEES)
    said = {each.case_ref: each.cautions[0].code for each in record.contact}
    assert said == {"NG-1": "do_not_contact", "NG-2": "only_channels"}
    assert ContactSafety.from_dict(SAFE) == next(each.safety for each in record.contact if each.case_ref == "NG-2")


def reviewed(reader: Reader, known: dict[str, Any] | None, other: dict[str, Any] | None) -> dict[str, Any]:
    register = Register()
    register.report("NG-1", MARY, contact_safety=known)
    register.report("NG-2", {**MARY, "names": ["Mercy Wanjiku Kamau"]}, contact_safety=other)
    found = [review_answer(review(register.ctx, each, reader)) for each in register.ctx.candidates.open(10)]
    answer = CandidatesShown().dump({"candidates": found})
    (candidate,) = answer["candidates"]
    return dict(candidate)


@pytest.mark.parametrize(("known", "other", "first"), [
    (CAREFUL, None, ("only_channels", "do_not_contact")),
    ({**CAREFUL, "may_contact": False}, CAREFUL, ("do_not_contact", "only_channels")),
])
def test_a_candidate_and_each_suggestion_come_with_their_own_cautions(known: Any, other: Any, first: tuple[str, str]) -> None:
    candidate = reviewed(SEES, known, other)
    (suggestion,) = candidate["suggestions"]
    assert [each["identity"]["phones"] for each in (suggestion, candidate)] == [["+254700000001"]] * 2
    assert [each["contact"][0]["cautions"][0]["code"] for each in (suggestion, candidate)] == list(first)
    careful = suggestion if known == CAREFUL else candidate
    assert {name: careful["contact"][0]["safety"][name] for name in CAREFUL} == CAREFUL
    assert {"safe_hours", "instructions"} <= set(codes(careful))


def test_a_reviewer_who_may_not_see_identity_sees_cautions_of_both_and_no_value() -> None:
    candidate = reviewed(MASKED, CAREFUL, CAREFUL)
    for each in (candidate, *candidate["suggestions"]):
        assert each["contact"][0]["safety"] is None
        assert "shared_phone" in codes(each)
    for secret in ("mwavuli", "tailor", "700000001", "Mercy"):
        assert secret not in str(candidate)
