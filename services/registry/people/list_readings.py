"""List who has seen a person's name and addresses, when, and for which reason: what the audit has on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ngao.chassis.handlers import http, nothing
from services.registry.context import Context, RegistryParts
from services.registry.people.finding import case_of_a_person, cases_of, known_person
from services.registry.people.responses import ReadingsShown

ACTIONS = ("defender.read", "candidate.read", "contact.read", "contacts.read")
_MOST = 20


@http.get(
    "/v1/cases/<case_ref>/readings",
    roles="operator",
    scope="defenders:read",
    audit=nothing("Who has read a person's values, when and why; nothing of the person."),
    returns=ReadingsShown,
    summary="List who has seen values of a case's person, the newest first.",
)
def list_readings(parts: RegistryParts, case_ref: str) -> dict[str, Any]:
    """Return how often values of this person were shown to operators, and the last times. Raises NotFound, Unavailable."""
    times, acts = parts.chassis.journal.acts(_subjects(parts.read(), case_ref), ACTIONS, {"shown": "values"}, _MOST)
    return readings_answer(times, acts)


def readings_answer(times: int, acts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return acts of the audit as `ReadingsShown`."""
    shown = [{"by": each["actor"], "at": each["at"], "action": each["action"], **_reasons(each["detail"])} for each in acts]
    return {"times": times, "readings": shown}


def _reasons(detail: Mapping[str, str]) -> dict[str, str]:
    return {name: detail[name] for name in ("reason", "despite") if name in detail}


def _subjects(ctx: Context, case_ref: str) -> list[str]:
    """Return what the person was read under: each of their records, and each case that is or was a candidate."""
    person = known_person(ctx, case_of_a_person(ctx, case_ref).defender_ref or "")
    return [*(record.id for record in person.records), *(case.id for case in cases_of(ctx, person))]
