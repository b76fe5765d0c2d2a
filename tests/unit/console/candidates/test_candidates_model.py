"""Two records side by side, who has decided, and what waits for a second person."""

from __future__ import annotations

from typing import Any

from services.console.candidates.model import Decision, asked_for, best_score, decision_of, facts_of


def side(names: tuple[str, ...] = (), phones: tuple[str, ...] = (), emails: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"identity": {"names": names, "phones": phones, "emails": emails}, **more}


def test_each_fact_that_either_has_is_a_row_with_how_they_compare() -> None:
    new = side(("W• K•",), ("•••212",), reports=1, restrictions=0)
    known = side(("W• K•",), ("•••212",), reports=2, restrictions=1, reasons=["same_phone", "similar_name"])
    rows = [(each.code, each.new, each.known, each.compared) for each in facts_of(new, known)]
    assert rows == [
        ("names", ("W• K•",), ("W• K•",), "similar_name"),
        ("phones", ("•••212",), ("•••212",), "same_phone"),
        ("reports", ("1",), ("2",), ""),
        ("restrictions", ("0",), ("1",), ""),
    ]


def test_phones_are_called_the_same_only_if_the_registry_has_compared_them_whole() -> None:
    new, known = side((), ("•••212",)), side((), ("•••212",), reasons=["no_name"])
    assert next((each.code, each.compared) for each in facts_of(new, known)) == ("phones", "")


def test_a_decision_says_what_who_and_when() -> None:
    decided = {"verdict": "linked", "decided_by": "operator:amina", "decided_at": "2026-11-22T02:14:00+00:00"}
    assert decision_of(decided) == Decision("linked", "amina", "2026-11-22T02:14:00+00:00")
    assert decision_of({"verdict": "open", "decided_by": None}) is None


def test_what_was_asked_for_about_this_candidate_waits_for_a_second_person() -> None:
    def request(operation: str, case_ref: str) -> dict[str, Any]:
        return {"operation": operation, "values": {"case_ref": case_ref}, "asked_by": "juma", "asked_at": "02:14"}

    every = [request("linkCandidate", "A"), request("separateCandidate", "B"), request("liftRestriction", "A"), {"values": None}]
    assert asked_for("A", every) == [Decision("linked", "juma", "02:14")]
    assert asked_for("B", every) == [Decision("separate", "juma", "02:14")]


def test_a_list_shows_the_likest_of_the_suggestions() -> None:
    assert best_score({"suggestions": [{"score": 0.5}, {"score": 0.86}]}) == 0.86
    assert best_score({}) == 0.0
