"""Why a message was set aside, in kinds that have words; where it was; and which is looked after first."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.parked.model import Why, oldest_first, parked_of, why_of


def shown(parked_id: str = "p1", since: str = "2026-11-30T02:00:00+00:00", **others: Any) -> dict[str, Any]:
    return {
        "id": parked_id, "queue": "referral.intake.report.accepted.v1", "reason": "invalid-content", "errors": [], "attempts": 3,
        "times": 1, "state": "parked", "size": 120, "parked_at": since, "first_parked_at": since, "whole": True, **others,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("not-authentic", Why.FORGED),
        ("undecodable", Why.NOT_READABLE),
        ("unknown-type", Why.TOO_NEW),
        ("unknown-source", Why.UNKNOWN_SENDER),
        ("seal-broken", Why.NO_KEY),
        ("case-closed", Why.NOT_ALLOWED),
        ("store-error", Why.NOT_STORED),
        ("delivery-limit", Why.ENDED),
        ("handler-error-KeyError", Why.FAULT),
        ("unexpected-TypeError", Why.FAULT),
        ("something-newer", Why.OTHER),
        ("", Why.OTHER),
    ],
)
def test_a_reason_is_of_a_kind_that_has_words(reason: str, why: Why) -> None:
    assert why_of(reason) is why


@pytest.mark.parametrize(
    ("queue", "type_name"),
    [
        ("referral.intake.report.accepted.v1", "intake.report.accepted"),
        ("referral.intake.report.accepted.v1.urgent", "intake.report.accepted"),
        ("referral.partner-replies", "partner-replies"),
        ("partner.x7.urgent", "partner.x7"),
        ("", ""),
    ],
)
def test_the_type_is_that_of_the_queue(queue: str, type_name: str) -> None:
    assert parked_of("referral", shown(queue=queue)).type == type_name


def test_only_a_whole_message_that_waits_may_be_replayed() -> None:
    assert parked_of("referral", shown()).may_be_replayed
    assert not parked_of("referral", shown(whole=False)).may_be_replayed
    assert not parked_of("referral", shown(state="replayed")).may_be_replayed


def test_what_waits_longest_is_first() -> None:
    found = [
        parked_of("notify", shown("c", "2026-11-30T03:00:00+00:00")),
        parked_of("referral", shown("b", "2026-11-30T01:00:00+00:00")),
        parked_of("intake", shown("a", "2026-11-30T03:00:00+00:00")),
    ]
    assert [each.id for each in oldest_first(found)] == ["b", "a", "c"]


def test_invalid_fields_are_named_by_their_places_and_codes() -> None:
    errors = [{"pointer": "/data/urgency", "code": "unknown_code", "detail": "Must be one of: critical, high."}]
    assert parked_of("referral", shown(errors=errors)).fields == (("/data/urgency", "unknown_code"),)
    assert parked_of("referral", shown(errors=None)).fields == ()
