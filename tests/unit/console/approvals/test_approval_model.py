"""What is shown of a request that a second person must approve: codes, and nothing that may be about a person."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.console.approvals.model import asked_for, request_of, secrets_of, soonest_first

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


@pytest.mark.parametrize("body", [None, "", "no json", "[1]", '"text"', "{}"])
def test_a_body_without_fields_shows_none(body: str | None) -> None:
    assert asked_for("changeRoles", body) == []


def test_only_a_code_or_a_key_of_an_answer_is_shown() -> None:
    assert secrets_of({"id": "amina", "code": "ABCD-EFGH", "state": "invited"}) == [("code", "ABCD-EFGH")]
    assert secrets_of({"source_id": "kobo", "key": "ngao_source_kobo_x"}) == [("key", "ngao_source_kobo_x")]
    assert secrets_of({"id": "haki", "key": None}) == []
