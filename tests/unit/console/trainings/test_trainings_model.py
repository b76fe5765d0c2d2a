"""What the forms about trainings decide."""

from __future__ import annotations

from services.console.trainings.model import entry_of, field_refused, session_of


def test_places_are_a_number_or_left_to_the_registry_to_refuse() -> None:
    typed = {"programme": "security", "day": "2026-12-01", "county": "KE-30", "places": " 12 "}
    assert session_of(typed) == {**typed, "places": 12}
    for wrong in ("", "twelve", "-1", "١٢"):
        assert "places" not in session_of({**typed, "places": wrong})


def test_who_is_not_ticked_is_not_counted() -> None:
    body = {"session_id": "s1", "state": "attended", "counted": False}
    assert entry_of({"session": "s1", "state": "attended"}) == body
    assert entry_of({"session": "s1", "state": "attended", "counted": "yes"}) == body | {"counted": True}


def test_the_field_that_was_refused_has_a_sentence() -> None:
    assert field_refused([{"pointer": "/state", "code": "in_the_future"}]) == "not_yet"
    assert field_refused([{"pointer": "/state", "code": "unknown_code"}]) == "state"
    assert field_refused([{"pointer": "/places", "code": "required"}]) == "places"
    assert field_refused([{"pointer": "/session_id", "code": "unknown_session"}]) == "session"
    assert field_refused([]) == "other"
