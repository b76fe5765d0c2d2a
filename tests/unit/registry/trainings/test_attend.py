"""Sessions have places, attendance is on her record, and who did not agree to it is not counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from services.registry.people.erase import erase_people
from services.registry.people.keeping import forget
from services.registry.people.register import register_defender, release_defender
from services.registry.trainings.attend import keep_entry, read_trainings, remove_entry
from services.registry.trainings.model import Programme
from services.registry.trainings.responses import EntryToKeep
from services.registry.trainings.sessions import add_training, list_people, list_trainings
from tests.support.registry import MARY, POLICY, Register

LABEL = {"en": "A training", "sw": "Mafunzo"}


class School:
    """The registry, and an officer who keeps trainings."""

    def __init__(self) -> None:
        self.register = Register()
        programmes = {"security": Programme(LABEL, "security_training")}
        self.register.policy = replace(POLICY, programmes=programmes, counties=frozenset({"KE-30"}))
        self._people = 0

    def session(self, places: int = 2, in_days: int = 0, **changes: Any) -> str:
        day = (self.register.now + timedelta(days=in_days)).date()
        body = {"programme": "security", "day": day, "county": "KE-30", "places": places, **changes}
        return str(add_training(self.register.ctx, body)["session_id"])

    def person(self) -> str:
        self._people += 1
        stated = {"names": [f"Invented Learner{self._people} Akinyi"], "phones": [f"+2547000003{self._people:02}"]}
        return str(register_defender(self.register.ctx, {"identity": stated})["defender_ref"])

    def keep(self, ref: str, session: str, state: str = "invited", **more: Any) -> None:
        keep_entry(self.register.ctx, ref, EntryToKeep().load({"session_id": session, "state": state, **more}))

    def shown(self, session: str) -> dict[str, Any]:
        return next(each for each in list_trainings(self.register.ctx)["sessions"] if each["session_id"] == session)

    def numbers(self, session: str) -> tuple[int, int]:
        shown = self.shown(session)
        return shown["taken"], shown["counted"]


@pytest.fixture
def school() -> School:
    return School()


def test_a_session_has_so_many_places_and_no_more(school: School) -> None:
    session, people = school.session(places=2), [school.person() for _ in range(3)]
    for ref in people[:2]:
        school.keep(ref, session)
        school.keep(ref, session)
    with pytest.raises(NotAllowedNow) as refused:
        school.keep(people[2], session)
    assert refused.value.slug == "session-full"
    assert school.numbers(session) == (2, 0)
    school.keep(people[0], session, "declined")
    school.keep(people[2], session)
    assert school.numbers(session) == (2, 0)


def test_who_attended_is_counted_only_if_she_agreed_to_it(school: School) -> None:
    session, quiet, agreed, absent = school.session(places=3), school.person(), school.person(), school.person()
    school.keep(quiet, session, "attended")
    school.keep(agreed, session, "attended", counted=True)
    school.keep(absent, session, "absent", counted=True)
    assert school.numbers(session) == (2, 1)
    school.keep(agreed, session, "attended")
    assert school.numbers(session) == (2, 0)


def test_attendance_is_on_her_record_and_the_office_sees_who_is_in_a_session(school: School) -> None:
    session, ref = school.session(), school.person()
    school.keep(ref, session, "attended", counted=True)
    (entry,) = read_trainings(school.register.ctx, ref, reason="case_work")["trainings"]
    assert (entry["state"], entry["counted"], entry["session"]["programme"]) == ("attended", True, "security")
    people = list_people(school.register.ctx, session, reason="case_work")["people"]
    assert people == [{"defender_ref": ref, "state": "attended", "counted": True}]


def test_no_one_attended_a_session_that_was_not_yet(school: School) -> None:
    session, ref = school.session(in_days=1), school.person()
    for state in ("attended", "absent"):
        with pytest.raises(InvalidInput) as refused:
            school.keep(ref, session, state)
        assert [each.pointer for each in refused.value.errors] == ["/state"]
    assert school.numbers(session) == (0, 0)
    school.keep(ref, session)
    school.register.pass_time(days=1)
    school.keep(ref, session, "attended")
    assert school.numbers(session) == (1, 0)


@pytest.mark.parametrize("field", ["programme", "county"])
def test_an_unknown_programme_or_county_is_named(school: School, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        school.session(**{field: "atlantis"})
    assert [each.pointer for each in refused.value.errors] == [f"/{field}"]
    assert "atlantis" not in str([vars(each) for each in refused.value.errors])


def test_a_removed_entry_frees_the_place_and_the_last_one_releases_her(school: School) -> None:
    session, other, ref = school.session(), school.session(), school.person()
    school.keep(ref, session)
    school.keep(ref, other, "declined")
    remove_entry(school.register.ctx, ref, session)
    assert school.numbers(session) == (0, 0)
    record = school.register.defenders.get(ref)
    assert record is not None
    assert "trainings" in record.kept_for
    remove_entry(school.register.ctx, ref, other)
    assert "trainings" not in school.register.defenders.get(ref).kept_for  # type: ignore[union-attr]
    with pytest.raises(NotFound):
        remove_entry(school.register.ctx, ref, session)


def test_erasing_her_removes_her_entries_and_frees_the_places(school: School) -> None:
    session, ref = school.session(), school.person()
    school.keep(ref, session)
    release_defender(school.register.ctx, ref)
    school.register.pass_time(hours=2)
    assert erase_people(school.register.ctx, 10) == 0, "her entry keeps her"
    assert forget(school.register.ctx, ref) == {"trainings": 1}
    assert school.numbers(session) == (0, 0)
    assert forget(school.register.ctx, ref) == {}


def test_entries_of_linked_records_are_one_persons(school: School) -> None:
    register, session = school.register, school.session()
    first = register.report("NG-1", MARY).defender_ref or ""
    second = register.report("NG-2", {**MARY, "names": ["Achieng Otieno"]}).defender_ref or ""
    school.keep(second, session)
    register.link("NG-2", first)
    school.keep(first, session, "attended")
    assert school.numbers(session) == (1, 0)
    people = list_people(register.ctx, session, reason="case_work")["people"]
    assert [(each["defender_ref"], each["state"]) for each in people] == [(first, "attended")]


def test_unknown_persons_sessions_and_reasons_are_refused(school: School) -> None:
    session, ref = school.session(), school.person()
    with pytest.raises(NotFound):
        school.keep("DEF-0000000000", session)
    with pytest.raises(InvalidInput) as refused:
        school.keep(ref, "none")
    assert [(each.pointer, each.code) for each in refused.value.errors] == [("/session_id", "unknown_session")]
    with pytest.raises(NotFound):
        list_people(school.register.ctx, "none", reason="case_work")
    for read in (lambda: read_trainings(school.register.ctx, ref, reason="curiosity"),
                 lambda: list_people(school.register.ctx, session, reason="curiosity")):  # fmt: skip
        with pytest.raises(InvalidInput):
            read()


def test_the_audit_says_nothing_of_her_state(school: School) -> None:
    session, ref = school.session(), school.person()
    school.keep(ref, session, "attended", counted=True)
    detail = school.register.heard.details["training.entry_kept"]
    assert detail == {"session": session, "counted": "true"}
