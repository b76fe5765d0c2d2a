"""What is shown of a request that a second person must approve: codes, and nothing that may be about a person."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngao.contracts import SERVICES
from services.console.approvals.model import asked_for, request_of, secrets_of, soonest_first
from tests.support.documents import operations, service_class

WORDS = {"name", "vouch", "hours"}
"""Fields of a request that are no codes."""
BODY = {
    "name": "Haki Legal", "support_types": ["legal_aid", "shelter"], "counties": ["KE-30"], "capacity": 3, "vetted": True,
    "public_key": "pk", "vouch": "a long one", "new_key": False, "email": "wairimu@example.org",
}  # fmt: skip


def shown(approval_id: str = "a1", expires: str = "2026-12-01T02:00:00+00:00", **others: Any) -> dict[str, Any]:
    return {
        "id": approval_id, "operation": "dropParked", "values": {"parked_id": "p1"}, "state": "waiting", "asked_by": "amina",
        "asked_at": "2026-11-30T02:00:00+00:00", "expires_at": expires, "result_waits": False, **others,
    }  # fmt: skip


def test_a_request_is_its_operation_its_subject_and_who_asked() -> None:
    found = request_of("intake", shown(values={"ref": "DEF-1", "partner_id": "haki"}))
    assert (found.service, found.operation, found.subject) == ("intake", "dropParked", "DEF-1, haki")
    assert (found.is_of("amina"), found.is_of("baraka")) == (True, False)
    assert request_of("console", shown(values=None)).subject == ""


def test_what_expires_soonest_is_first() -> None:
    found = [request_of("intake", shown("late", "2026-12-01T05:00:00+00:00")), request_of("registry", shown("soon"))]
    assert [each.id for each in soonest_first(found)] == ["soon", "late"]


def test_of_what_was_asked_only_codes_are_shown() -> None:
    fields = dict(asked_for("putPartner", json.dumps(BODY)))
    assert fields == {
        "support_types": ("legal_aid", "shelter"), "counties": ("KE-30",), "capacity": ("3",), "vetted": ("yes",),
        "public_key": ("pk",), "new_key": ("no",),
    }  # fmt: skip
    assert asked_for("anotherOperation", json.dumps(BODY)) == []


def test_what_a_second_person_decides_about_is_shown_for_every_operation_of_two() -> None:
    for operation in (each for name in SERVICES for each in operations(service_class(name)) if each.two_person):
        asks = {field: f"x-{field}" for field in operation.request().fields} if operation.request else {}
        shown_ones = {name for name, _ in asked_for(operation.operation, json.dumps(asks))}
        assert asks.keys() - shown_ones <= WORDS, f"{operation.operation}: the second person cannot see what is asked for"


def test_whose_person_is_invited_is_shown() -> None:
    body = {"id": "wanjiru", "roles": ["partner-staff"], "hubs": [], "partner": "haki-legal", "language": "sw"}
    assert ("partner", ("haki-legal",)) in asked_for("invitePerson", json.dumps(body))


@pytest.mark.parametrize("body", [None, "", "no json", "[1]", '"text"', "{}"])
def test_a_body_without_fields_shows_none(body: str | None) -> None:
    assert asked_for("changeRoles", body) == []


def test_only_a_code_or_a_key_of_an_answer_is_shown() -> None:
    assert secrets_of({"id": "amina", "code": "ABCD-EFGH", "state": "invited"}) == [("code", "ABCD-EFGH")]
    assert secrets_of({"source_id": "kobo", "key": "ngao_source_kobo_x"}) == [("key", "ngao_source_kobo_x")]
    assert secrets_of({"id": "haki", "key": None}) == []
