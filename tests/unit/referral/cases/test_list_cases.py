"""The list of cases: which of two errors of a query is answered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.problems import broken_fields
from ngao.testing.referral import ReferralInMemory
from services.referral.cases.read import list_cases


@pytest.mark.parametrize(
    ("state", "limit", "pointer"), [("lost", "10", "/state"), ("open", "1001", "/limit"), ("lost", "1001", "/limit")]
)
def test_the_limit_is_checked_before_the_state(state: str, limit: str, pointer: str) -> None:
    referral = ReferralInMemory(datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(InvalidInput) as refused:
        list_cases(referral.open(), state=state, limit=limit)
    assert [error["pointer"] for error in broken_fields(refused.value.errors)] == [pointer]
