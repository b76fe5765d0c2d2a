"""What the page of a person shows where."""

from __future__ import annotations

from typing import Any

from services.console.person.model import shown


def contact(case_ref: str, *codes: str) -> dict[str, Any]:
    return {"case_ref": case_ref, "cautions": [{"code": each, "text": each} for each in codes]}


def test_the_contact_of_this_case_is_apart_from_those_of_others() -> None:
    person = {"contact": [contact("B", "only_channels"), contact("A", "do_not_contact")]}
    here, there = shown(person, "B"), shown(person, "A")
    assert (here.contact, here.elsewhere) == (person["contact"][0], (person["contact"][1],))
    assert there.contact == person["contact"][1]
    assert shown(person, "C").contact is None


def test_consents_are_those_of_the_person_and_of_this_case_the_newest_first() -> None:
    person = {
        "consents": [{"at": "2026-11-02", "for": "all"}],
        "cases": [
            {"case_ref": "A", "consents": [{"at": "2026-11-01", "for": "A"}, {"at": "2026-11-03", "for": "A"}]},
            {"case_ref": "B", "consents": [{"at": "2026-11-04", "for": "B"}]},
        ],
    }
    assert [(each["at"], each["for"]) for each in shown(person, "A").consents] == [
        ("2026-11-03", "A"), ("2026-11-02", "all"), ("2026-11-01", "A"),
    ]  # fmt: skip
    assert len(shown(person, "A").cases) == 2
