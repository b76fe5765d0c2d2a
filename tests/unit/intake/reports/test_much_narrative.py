"""What a report tells in words has an end: its partners get all of it again with each part. Nothing else is lost for it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ngao.chassis.messaging.destinations import MAX_BODY
from ngao.contracts.schemas.report import most_of
from ngao.kernel.padding import padded
from ngao.kernel.text import clean
from services.intake.policy import IntakePolicy
from services.intake.reports.model import Report, Update
from services.intake.reports.narratives import CUT, MOST_BYTES, MOST_PARTS, fitting
from services.intake.reports.reading import read_report
from services.intake.reports.receive import Receipt, receive_report
from services.intake.reports.update import update_report
from tests.support.intake import anonymous
from tests.support.memory_intake import MemoryIntake

LONGEST = "\U00010308" * (most_of("/narrative") or 0)


class Told:
    """A report that its source adds to."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.intake = MemoryIntake(policy)
        self.id = receive_report(self.intake.ctx, "forms", read_report(anonymous(), policy.vocabulary)).report_id
        self.count = 0

    def adds(self, narrative: str, **more: Any) -> Receipt:
        self.count += 1
        self.intake.wait()
        update = Update(narrative=narrative, key=f"update-{self.count}", **more)
        return update_report(self.intake.ctx, "forms", self.id, update)

    @property
    def report(self) -> Report:
        found = self.intake.ctx.reports.get(self.id)
        assert found is not None
        return found


@pytest.fixture
def told(policy: IntakePolicy) -> Told:
    return Told(policy)


def test_updates_add_narrative_up_to_a_bound(told: Told) -> None:
    answers = [told.adds(LONGEST) for _ in range(8)]
    assert sum(map(len, told.report.narrative_parts)) <= MOST_BYTES
    assert [each.narrative_cut for each in answers] == [False, *[True] * 7]


def test_who_reads_a_part_that_was_cut_sees_that_it_was(told: Told) -> None:
    told.adds(LONGEST)
    told.adds(LONGEST)
    assert told.report.narrative_parts[-1].decode().endswith(CUT)


def test_many_small_updates_add_narrative_up_to_a_bound(told: Told) -> None:
    answers = [told.adds(f"It went on, {n}.") for n in range(MOST_PARTS + 5)]
    assert len(told.report.narrative_parts) == MOST_PARTS
    assert answers[-1].narrative_cut


def test_what_else_is_in_an_update_is_taken(told: Told) -> None:
    for _ in range(3):
        told.adds(LONGEST)
    parts = told.report.narrative_parts
    answer = told.adds(LONGEST, needs=("medical",))
    assert answer.narrative_cut
    assert "medical" in told.report.needs
    assert told.report.narrative_parts == parts
    assert told.intake.audit[-1][2]["narrative"] == "cut"
    assert told.intake.audit[-1][2]["news"] == "needs"


def test_the_same_update_again_is_that_update(told: Told) -> None:
    update = Update(narrative=LONGEST, key="one")
    first, again = (update_report(told.intake.ctx, "forms", told.id, update) for _ in range(2))
    assert (first.duplicate, again.duplicate) == (False, True)


def test_all_that_a_report_tells_fits_into_an_event_however_it_is_written() -> None:
    """A quotation mark or a new line is two signs in JSON; the box adds less than a kilobyte."""
    box = padded(json.dumps({"narrative": '"' * (MOST_BYTES + 2 * MOST_PARTS)}).encode()) + bytes(1024)
    assert len(base64.b64encode(box)) + 4096 < MAX_BODY


def test_a_first_report_whose_words_grow_in_normal_form_fits_into_an_event_too() -> None:
    """Nothing is a longer normal form C than this sign: four bytes that are twelve."""
    grown = clean("\U0001d160" * (most_of("/narrative") or 0))
    box = padded(json.dumps({"narrative": grown}, ensure_ascii=False).encode()) + bytes(1024)
    assert len(grown.encode()) >= 2 * MOST_BYTES
    assert len(base64.b64encode(box)) + 4096 < MAX_BODY


def test_a_first_report_has_room_for_its_whole_narrative() -> None:
    assert fitting(LONGEST, ()) == LONGEST
