"""A review that is due rings once, and is on the list until someone saves a new version."""

from __future__ import annotations

from ngao.contracts.events.registry import ReviewDue
from ngao.testing.published import published
from services.registry.protection.reviews import list_reviews, ring_for_review
from services.registry.service import RegistryService
from tests.unit.registry.protection.conftest import WORDS, Desk


def rung(desk: Desk) -> list[tuple[str, str, int]]:
    return [(each.case_ref, each.about, each.version) for each, _ in published(desk.register.units, ReviewDue)]


def due(desk: Desk) -> list[str]:
    return desk.register.open().assessments.to_ring(desk.register.now, 10)


def test_it_rings_when_it_is_due_once_and_not_before(desk: Desk) -> None:
    desk.save()
    assert due(desk) == []
    assert not ring_for_review(desk.register.open(), f"{desk.ref}.person.1")
    desk.register.pass_time(days=30)
    (assessment_id,) = due(desk)
    assert ring_for_review(desk.register.open(), assessment_id)
    assert not ring_for_review(desk.register.open(), assessment_id)
    assert due(desk) == []
    assert rung(desk) == [(desk.ref, "person", 1)]


def test_a_version_that_was_replaced_does_not_ring(desk: Desk) -> None:
    desk.save()
    desk.save(seen=1, review_on="2027-03-01")
    desk.register.pass_time(days=40)
    assert due(desk) == []
    assert not ring_for_review(desk.register.open(), f"{desk.ref}.person.1")
    assert rung(desk) == []


def test_the_list_names_what_is_due_and_soon_until_a_new_version_is_saved(desk: Desk) -> None:
    desk.save()
    desk.save("family", review_on="2027-02-10")
    assert list_reviews(desk.register.open())["reviews"] == []
    desk.register.pass_time(days=20)
    assert [(each["about"], each["is_due"]) for each in list_reviews(desk.register.open())["reviews"]] == [("person", False)]
    desk.register.pass_time(days=20)
    shown = list_reviews(desk.register.open())
    assert [(each["about"], each["is_due"]) for each in shown["reviews"]] == [("person", True)]
    assert not any(word in repr(shown) for word in WORDS)
    desk.save(seen=1, review_on="2027-02-20")
    assert list_reviews(desk.register.open())["reviews"] == []


def test_the_service_runs_the_timer() -> None:
    assert hasattr(RegistryService, "ring_for_reviews")
