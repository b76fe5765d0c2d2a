"""Notes and flags end with the report of their case: no word is left, and none that comes at that moment outlives it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from ngao.chassis.errors import Conflict, NotAllowedNow, SealBroken
from ngao.chassis.http.call import Call
from ngao.chassis.security.identity import Principal
from ngao.testing.processes import World
from services.intake.notes.change_flag import change_flag
from services.intake.notes.read import read_notes
from services.intake.notes.write import write_note
from services.intake.reports.erase import erase_report
from services.intake.reports.posted import Posted, accept_posted
from services.intake.reports.withdraw import withdraw_report
from services.intake.sources.put import put_source
from tests.support.forgetting import Held, opened
from tests.support.intake import anonymous, report

DAY = timedelta(days=1)
FORMS = "forms"
CALL = Call(Principal("operator", "amina"), b"", "application/json", {}, "")
WORDS = "Her sister answers the phone."


@pytest.fixture(scope="module")
def intake(world: World) -> Iterator[Held]:
    with opened(world, "intake") as held:
        settings = {"new_key": False, "revoke_old_keys": False}
        held.app.parts.run(partial(put_source, source_id=FORMS, body=settings), CALL)
        yield held


class Desk:
    """One case, with or without anything sealed in its report."""

    def __init__(self, intake: Held, body: dict[str, Any]) -> None:
        self.intake = intake
        self.receipt = intake.app.parts.run(partial(accept_posted, source_id=FORMS, report=Posted(body)))
        self.case_ref, self.report_id = self.receipt["case_ref"], self.receipt["report_id"]
        note = {"text": WORDS, "act": secrets.token_hex(16)}
        self.writing = partial(write_note, case_ref=self.case_ref, body=note, call=CALL)
        self.more = partial(write_note, case_ref=self.case_ref, body={"text": "More."}, call=CALL)
        change = {"flag": "do_not_visit", "is_set": True, "revision": 0}
        self.flagging = partial(change_flag, case_ref=self.case_ref, body=change)
        self.erasing = partial(erase_report, report_id=self.report_id, why="withdrawn")

    def does(self, work: Any) -> Any:
        return self.intake.app.parts.run(work, CALL)

    def begins(self, work: Any) -> Any:
        """Do all of it but the commit; gives the unit."""
        unit = self.intake.chassis.units.read()
        work(self.intake.app.parts.context(unit, CALL.principal))
        return unit

    def commits(self, unit: Any) -> Any:
        (error,) = self.intake.chassis.units.commit([unit])
        return error

    def is_due(self) -> None:
        of_forms = replace(CALL, principal=Principal("source", FORMS))
        self.intake.app.parts.run(partial(withdraw_report, report_id=self.report_id), of_forms)
        self.intake.clock.advance(self.intake.app.parts.policy.retention.days["reports"]["withdrawn"] * DAY)

    @property
    def left(self) -> list[list[dict[str, Any]]]:
        """Notes, files and data keys of the case."""
        scope = f"case:{self.case_ref}"
        return [
            self.intake.records("notes", case_ref=self.case_ref),
            self.intake.records("case_files", _id=self.case_ref),
            self.intake.records("data_keys", scope=scope),
        ]





@pytest.fixture(params=["with a narrative", "with nothing sealed"])
def desk(intake: Held, request: pytest.FixtureRequest) -> Desk:
    bare = anonymous()
    del bare["narrative"]
    return Desk(intake, report() if request.param == "with a narrative" else bare)


def test_withdrawing_keeps_the_notes_and_retention_erases_them_with_the_key(desk: Desk) -> None:
    desk.does(desk.writing)
    desk.does(desk.flagging)
    desk.is_due()
    desk.does(desk.more)
    (first, _), _, (key,) = desk.left
    assert key
    desk.intake.sweep()
    assert desk.left == [[], [], []]
    place = (f"case:{desk.case_ref}", "notes", first["_id"], "text")
    with pytest.raises(SealBroken):
        desk.intake.chassis.units.read().sealer.open(*place, bytes(first["text"]))
    shown = desk.does(partial(read_notes, case_ref=desk.case_ref, reason="case_work"))
    assert (shown["notes"], shown["forgotten"]) == ([], True)
    assert desk.intake.gauge("retention") == 0


def test_after_it_nothing_is_written_and_nothing_is_left(desk: Desk) -> None:
    desk.does(desk.writing)
    desk.is_due()
    desk.intake.sweep()
    for work in (desk.writing, desk.more, desk.flagging):
        with pytest.raises(NotAllowedNow) as refused:
            desk.does(work)
        assert refused.value.slug == "forgotten"
    assert desk.left == [[], [], []]


@pytest.mark.parametrize("there_is_a_file", [False, True])
@pytest.mark.parametrize("what", ["writing", "flagging"])
def test_what_is_written_at_the_moment_of_erasing_is_decided_again(desk: Desk, what: str, *, there_is_a_file: bool) -> None:
    if there_is_a_file:
        desk.does(desk.more)
    desk.is_due()
    unit = desk.begins(getattr(desk, what))
    desk.does(desk.erasing)
    assert isinstance(desk.commits(unit), Conflict)
    with pytest.raises(NotAllowedNow):
        desk.does(getattr(desk, what))
    assert desk.left == [[], [], []]


@pytest.mark.parametrize("there_is_a_file", [False, True])
@pytest.mark.parametrize("what", ["writing", "flagging"])
def test_an_erasing_at_the_moment_of_writing_is_decided_again_and_finds_all(
    desk: Desk, what: str, *, there_is_a_file: bool
) -> None:
    if there_is_a_file:
        desk.does(desk.more)
    desk.is_due()
    unit = desk.begins(desk.erasing)
    desk.does(getattr(desk, what))
    assert isinstance(desk.commits(unit), Conflict)
    desk.does(desk.erasing)
    assert desk.left == [[], [], []]


def test_the_notes_of_another_case_stay(desk: Desk) -> None:
    other = Desk(desk.intake, anonymous())
    other.does(other.more)
    desk.does(desk.writing)
    desk.is_due()
    desk.does(desk.erasing)
    shown = other.does(partial(read_notes, case_ref=other.case_ref, reason="case_work"))
    assert [each["text"] for each in shown["notes"]] == ["More."]


def test_a_note_opens_in_its_own_place_alone(desk: Desk) -> None:
    other = Desk(desk.intake, anonymous())
    desk.does(desk.writing)
    other.does(other.more)
    (mine,), (theirs,) = desk.left[0], other.left[0]
    sealer = desk.intake.chassis.units.read().sealer
    for case_ref, note_id in ((other.case_ref, theirs["_id"]), (desk.case_ref, theirs["_id"]), (other.case_ref, mine["_id"])):
        with pytest.raises(SealBroken):
            sealer.open(f"case:{case_ref}", "notes", note_id, "text", bytes(mine["text"]))
