"""What the pages of a person decide: whose contact, consents and cases are shown where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shown:
    """One person on the page of one of their cases. `contact` is that of this case, `elsewhere` of their others."""

    contact: Mapping[str, Any] | None
    elsewhere: tuple[Mapping[str, Any], ...]
    consents: tuple[Mapping[str, Any], ...]
    cases: tuple[Mapping[str, Any], ...]


def shown(person: Mapping[str, Any], case_ref: str) -> Shown:
    """Return a person as the registry shows them, for the page of one case: its own consents, and those for all cases."""
    contacts = tuple(person.get("contact", ()))
    cases = tuple(person.get("cases", ()))
    own = [consent for case in cases if case["case_ref"] == case_ref for consent in case.get("consents", ())]
    return Shown(
        contact=next((each for each in contacts if each["case_ref"] == case_ref), None),
        elsewhere=tuple(each for each in contacts if each["case_ref"] != case_ref),
        consents=tuple(sorted((*person.get("consents", ()), *own), key=lambda each: str(each["at"]), reverse=True)),
        cases=cases,
    )
