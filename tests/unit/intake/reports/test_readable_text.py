"""What people and their programs leave in a text reaches no reader: control and invisible signs, and names that are none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ngao.chassis.errors import NotAllowedNow
from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Draft, Person, Place, Violation, content_as_received
from services.intake.reports.model import Update
from services.intake.reports.receive import Receipt, receive_report
from services.intake.reports.update import update_report
from tests.support.memory_intake import START, MemoryIntake

PHONE = "+254700000091"
COMPOSED, DECOMPOSED = "Zo\u00eb Mfano", "Zoe\u0308 Mfano"


def draft(**changes: Any) -> Draft:
    made: dict[str, Any] = {
        "source_event_id": "one", "occurred_at": START, "reporter_role": "self", "needs": ("legal_aid",),
        "violations": (Violation("unlawful_arrest"),), "place": Place("iso3166-2", "KE-30"),
    }  # fmt: skip
    return Draft(**(made | changes))


def post(intake: MemoryIntake, **changes: Any) -> Receipt:
    return receive_report(intake.ctx, "forms", draft(**changes))


def boxed(intake: MemoryIntake) -> dict[str, Any]:
    """What the registry finds in the box of the last report."""
    sealed = intake.reports.taken_in[-1].sealed_identity
    assert sealed is not None
    return dict(json.loads(sealed.box))


@pytest.fixture
def intake(policy: IntakePolicy) -> MemoryIntake:
    return MemoryIntake(policy)


@pytest.mark.parametrize(("name", "kept"), [
    ("Zuhura\x00 Nyota", ["Zuhura Nyota"]), ("\x1b[31mZuhura Nyota", ["[31mZuhura Nyota"]), ("   ", []), ("\u200b\u200b", []),
    ("\u202eZuhura", ["Zuhura"]), ("--", []), ("\u0632\u0647\u0631\u0627", ["\u0632\u0647\u0631\u0627"]), ("7", ["7"]),
])
def test_a_name_is_sealed_without_control_signs_and_one_without_a_letter_or_digit_is_none(
    intake: MemoryIntake, name: str, kept: list[str]
) -> None:
    post(intake, person=Person({"names": [name], "phones": [PHONE]}))
    assert boxed(intake)["identity"] == {"names": kept, "phones": [PHONE]}


def test_a_report_whose_only_name_is_none_is_taken_without_identity(intake: MemoryIntake) -> None:
    post(intake, person=Person({"names": [" \u200b "], "phones": [], "emails": []}))
    assert intake.reports.taken_in[-1].sealed_identity is None


def test_what_is_written_for_helpers_has_no_control_signs(intake: MemoryIntake) -> None:
    safety = {"may_contact": True, "channels": ["phone"], "instructions": "Ring\x1b[2J twice.\r\nThen wait."}
    voice = {"name": "voice\x07.ogg", "media_type": "audio/ogg", "sha256": "a" * 64}
    post(intake, narrative="At nine\r\n\x1b]0;x\x07they came", person=Person(contact_safety=safety), attachments=(voice,))
    report = intake.reports.taken_in[-1]
    assert report.narrative_parts == (b"At nine\n]0;xthey came",)
    assert boxed(intake)["contact_safety"]["instructions"] == "Ring[2J twice.\nThen wait."
    assert json.loads(report.attachments or b"")[0]["name"] == "voice.ogg"


def test_a_narrative_of_invisible_signs_only_is_none(intake: MemoryIntake) -> None:
    post(intake, narrative=" \u200b\x00 ")
    assert intake.reports.taken_in[-1].narrative_parts == ()


def test_a_repeat_in_another_unicode_form_or_with_other_line_ends_is_a_repeat(intake: MemoryIntake) -> None:
    first = post(intake, person=Person({"names": [COMPOSED]}), narrative="one\ntwo")
    again = post(intake, person=Person({"names": [DECOMPOSED]}), narrative="one\r\ntwo")
    assert again == replace(first, duplicate=True)


def test_a_repeat_of_what_a_version_before_took_in_is_a_repeat(intake: MemoryIntake) -> None:
    old = draft(narrative="one\r\ntwo")
    receipt = receive_report(intake.ctx, "forms", old)
    report = intake.ctx.reports.get(receipt.report_id)
    assert report is not None
    report.fingerprint = intake.ctx.unit.keyring.lookup_hash("content", content_as_received(old))
    intake.ctx.reports.save(report)
    assert receive_report(intake.ctx, "forms", old).duplicate
    with pytest.raises(NotAllowedNow):
        receive_report(intake.ctx, "forms", draft(narrative="other"))


@pytest.mark.parametrize("key", ["", "a"])
def test_an_update_in_another_unicode_form_or_with_other_line_ends_is_a_repeat(intake: MemoryIntake, key: str) -> None:
    receipt = post(intake)
    texts = ((COMPOSED, "one\ntwo"), (DECOMPOSED, "one\r\ntwo"))
    answers = [
        update_report(intake.ctx, "forms", receipt.report_id, Update(narrative=text, person=Person({"names": [name]}), key=key))
        for name, text in texts
    ]
    assert [each.duplicate for each in answers] == [False, True]
    assert intake.updates[-1][0].narrative_parts == (b"one\ntwo",)


def test_an_update_that_corrects_nothing_readable_brings_no_news(intake: MemoryIntake) -> None:
    receipt = post(intake)
    update_report(intake.ctx, "forms", receipt.report_id, Update(narrative="\u200b", person=Person({"names": [" "]})))
    assert intake.updates[-1][1].news == ()
