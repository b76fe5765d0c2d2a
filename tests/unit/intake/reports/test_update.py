"""An update is a message of its own: known by its key for good, and what it brings is published by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import Call
from ngao.chassis.security.identity import Principal
from ngao.contracts.events.intake import ReportUpdated
from ngao.kernel.consent import Statement
from services.intake.context import Context, IntakeParts
from services.intake.policy import IntakePolicy
from services.intake.reports import receive
from services.intake.reports.draft import Draft, Person, Place, Violation
from services.intake.reports.model import Report, Update
from services.intake.reports.receive import Receipt, receive_report
from services.intake.reports.update import post_update, update_report
from services.intake.reports.withdraw import withdraw_report
from tests.support.memory_intake import START, MemoryIntake

DOOR, NEIGHBOUR = "They are at the door again.", "She is safe at a neighbour's."


def draft(**changes: Any) -> Draft:
    made: dict[str, Any] = {
        "source_event_id": "one", "occurred_at": START, "reporter_role": "witness", "needs": ("legal_aid",),
        "violations": (Violation("unlawful_arrest"),), "place": Place("iso3166-2", "KE-30"),
    }  # fmt: skip
    return Draft(**(made | changes))


class Scene:
    def __init__(self, policy: IntakePolicy) -> None:
        self.intake = MemoryIntake(policy)
        self.report_id = self.post().report_id

    def post(self) -> Receipt:
        return receive_report(self.intake.ctx, "forms", draft())

    def update(self, **parts: Any) -> Receipt:
        self.intake.wait()
        return update_report(self.intake.ctx, "forms", self.report_id, Update(**parts))

    @property
    def last(self) -> tuple[Report, ReportUpdated]:
        return self.intake.updates[-1]

    @property
    def updates(self) -> int:
        return len(self.intake.updates)


@pytest.fixture
def scene(policy: IntakePolicy) -> Scene:
    return Scene(policy)


def test_the_same_words_under_a_new_key_are_new(scene: Scene) -> None:
    answers = [scene.update(narrative=words, key=key) for words, key in ((DOOR, "a"), (NEIGHBOUR, "b"), (DOOR, "c"))]
    assert [each.duplicate for each in answers] == [False, False, False]
    assert len(scene.last[0].narrative_parts) == 3


def test_an_old_update_delivered_again_changes_nothing_whatever_came_between(scene: Scene) -> None:
    given, none = (Statement("referral", ("contact",)),), ()
    scene.update(consents=given, key="a")
    scene.update(consents=none, key="b")
    assert scene.update(consents=given, key="a").duplicate
    assert scene.update(consents=none, key="b").duplicate
    assert scene.updates == 2
    assert scene.last[0].consents == ()


def test_a_key_used_for_other_words_is_refused(scene: Scene) -> None:
    scene.update(narrative=DOOR, key="a")
    with pytest.raises(NotAllowedNow) as refused:
        scene.update(narrative=NEIGHBOUR, key="a")
    assert refused.value.slug == "conflicting-repeat"


def test_without_a_key_the_content_is_the_key(scene: Scene) -> None:
    assert [scene.update(narrative=words).duplicate for words in (DOOR, NEIGHBOUR, DOOR)] == [False, False, True]


WITHDRAWABLE: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"person": Person(contact_safety={"may_contact": False})}, {"person": Person(contact_safety={"may_contact": True})}),
    ({"person": Person({"phones": ["+254700000203"]})}, {"person": Person({"phones": ["+254700000204"]})}),
    ({"place": Place("iso3166-2", "KE-30")}, {"place": Place("iso3166-2", "KE-28")}),
    ({"consents": ()}, {"consents": (Statement("referral", ("contact",)),)}),
    ({"violations": (Violation("torture", ongoing=True),)}, {"violations": (Violation("torture", ongoing=False),)}),
)


@pytest.mark.parametrize(("first", "other"), WITHDRAWABLE, ids=lambda part: next(iter(part)))
def test_a_statement_that_goes_back_to_what_was_stated_first_is_taken(
    scene: Scene, first: dict[str, Any], other: dict[str, Any]
) -> None:
    answers = [scene.update(**each).duplicate for each in (first, other, first, first)]
    assert answers == [False, False, False, True]
    assert scene.updates == 3


def test_an_update_delivered_again_after_the_withdrawal_is_answered_honestly(scene: Scene) -> None:
    scene.update(narrative=DOOR, key="a")
    withdraw_report(scene.intake.by_source("forms"), scene.report_id)
    again = scene.update(narrative=DOOR, key="a")
    assert (again.duplicate, again.withdrawn) == (True, True)
    with pytest.raises(NotAllowedNow):
        scene.update(narrative=DOOR, key="b")


def test_torture_reported_later_proposes_a_doctor(scene: Scene) -> None:
    scene.update(violations=(Violation("torture"),))
    report, change = scene.last
    assert "medical" in report.needs
    assert "medical" in report.needs_proposed
    assert "legal_aid" not in report.needs_proposed
    assert set(change.news) == {"violations", "needs"}


def test_a_proposed_need_that_is_asked_for_later_is_asked_for(scene: Scene) -> None:
    scene.update(violations=(Violation("torture"),))
    scene.update(needs=("medical",))
    assert "medical" not in scene.last[0].needs_proposed


def test_an_update_that_only_repeats_brings_no_news(scene: Scene) -> None:
    scene.update(violations=(Violation("unlawful_arrest"),), needs=("legal_aid",), key="again")
    _, change = scene.last
    assert (change.news, change.urgency_before) == ((), scene.last[0].triage.urgency)


def test_an_urgency_that_rises_by_update_is_published_with_what_it_was(scene: Scene) -> None:
    before = scene.post().urgency
    scene.update(violations=(Violation("torture", ongoing=True),))
    report, change = scene.last
    assert (change.raised_by, change.urgency_before, report.triage.urgency) == ("update", before, "critical")


def test_a_new_place_and_a_new_number_go_to_those_who_need_them(scene: Scene) -> None:
    phone = {"identity": {"phones": ["+254700000203"]}}
    scene.update(place=Place("iso3166-2", "KE-28"), person=Person(**phone))
    report, change = scene.last
    assert report.county == "KE-28"
    assert set(change.news) == {"county", "contact"}
    assert change.sealed_identity is not None
    assert json.loads(change.sealed_identity.box)["identity"] == phone["identity"]


def test_a_new_number_is_the_persons_key_too(scene: Scene) -> None:
    scene.update(person=Person({"phones": ["+254700000203"]}))
    receive_report(scene.intake.ctx, "other", draft(source_event_id="two", person=Person({"phones": ["+254700000203"]})))
    assert scene.intake.reports.taken_in[-1].triage.earlier_reports == 1


def test_a_repost_after_withdrawal_is_answered_honestly(scene: Scene) -> None:
    assert not scene.post().withdrawn
    withdraw_report(scene.intake.by_source("forms"), scene.report_id)
    again = scene.post()
    assert (again.duplicate, again.withdrawn) == (True, True)


def acts(scene: Scene) -> list[tuple[str, bool, tuple[str, ...]]]:
    return [(each.type, each.ongoing, each.perpetrators) for each in scene.last[0].violations]


def test_each_act_keeps_its_own_perpetrators(scene: Scene) -> None:
    scene.update(violations=tuple(Violation("physical_assault", perpetrators=(who,)) for who in ("police", "family")))
    assert [each for _, _, each in acts(scene)] == [(), ("police",), ("family",)]
    assert "by_the_state" in {reason.rule for reason in scene.last[0].triage.reasons}


def test_an_act_reported_again_takes_the_place_of_the_first_word_on_it(scene: Scene) -> None:
    scene.update(violations=(Violation("unlawful_arrest", ongoing=True, perpetrators=("police",)),))
    assert acts(scene) == [("unlawful_arrest", True, ("police",))]
    scene.update(violations=(Violation("unlawful_arrest", ongoing=False),))
    assert acts(scene) == [("unlawful_arrest", False, ("police",))]


def test_a_new_act_names_the_needs_that_it_asks_for_again(scene: Scene) -> None:
    scene.update(violations=(Violation("torture"),))
    assert "medical" in scene.last[1].needs_again
    scene.update(violations=(Violation("torture", perpetrators=("police",)),))
    assert scene.last[1].needs_again == ()
    scene.update(violations=(Violation("torture", perpetrators=("family",)),), needs=("legal_aid",))
    assert scene.last[1].needs_again == ("legal_aid",)


def test_an_act_that_goes_on_again_asks_again(scene: Scene) -> None:
    scene.update(violations=(Violation("torture", ongoing=False),))
    scene.update(violations=(Violation("torture", ongoing=True),))
    assert "medical" in scene.last[1].needs_again


def test_needs_alone_ask_for_nothing_again(scene: Scene) -> None:
    scene.update(needs=("legal_aid",), key="once-more")
    assert scene.last[1].needs_again == ()


class Again:
    """Parts whose unit of work runs twice, as after a Conflict."""

    def __init__(self, intake: MemoryIntake) -> None:
        self._intake = intake

    def run(self, work: Callable[[Context], Receipt], call: Call) -> Receipt:
        work(self.read(call.principal))
        return work(self.read(call.principal))

    def read(self, principal: Principal | None = None) -> Context:
        return self._intake.open(principal)


def test_that_an_update_came_is_logged_once_and_when_it_is_stored(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(receive, "_log", SimpleNamespace(info=lambda word, **_: logged.append(word)))
    call = Call(Principal("source", "forms"), b"", "application/json", {}, "", idempotency_key="a")
    answer = post_update(cast("IntakeParts", Again(scene.intake)), call, scene.report_id, {"narrative": DOOR})
    assert (answer.status, answer.payload["status_url"]) == (202, f"/{scene.report_id}")
    assert logged == ["report.received"]
