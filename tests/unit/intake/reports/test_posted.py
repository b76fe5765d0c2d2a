"""What reading a report costs is on the meter of the request that brought it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ngao.chassis.errors import InvalidInput, TooManyRequests
from ngao.chassis.http.call import Call
from ngao.chassis.security.identity import Principal
from services.intake.policy import load
from services.intake.reports.posted import JSON, LINES, Posted, posted, posted_many
from tests.unit.intake.conftest import POLICY

VOCABULARY = load([POLICY]).vocabulary
BROKEN = json.dumps({"reporter": {f"k{at}": at for at in range(900)}}).encode()


def call(body: bytes, content_type: str) -> Call:
    return Call(Principal("source", "forms"), body, content_type, query={}, trace="", idempotency_key="first")


def test_each_report_of_a_batch_is_paid_for_before_it_is_read() -> None:
    paid: list[float] = []
    posted_many(replace(call(b"{}\n" * 500, LINES), draw_ahead=paid.append))
    assert paid == [499], "the request has paid for one"


def test_a_batch_that_cannot_be_paid_for_is_not_read() -> None:
    def refuse(_tokens: float) -> None:
        raise TooManyRequests("Slow down.", 1)

    asked = replace(call(b"{}\n" * 500, LINES), draw_ahead=refuse)
    with pytest.raises(TooManyRequests):
        posted_many(asked)


@pytest.mark.parametrize("content_type", [JSON, LINES])
def test_a_report_that_its_schema_refuses_is_charged_for_that_too(content_type: str) -> None:
    asked = call(BROKEN, content_type)
    (made,) = posted_many(asked) if content_type == LINES else [posted(asked)]
    assert isinstance(made, Posted)
    parsed = asked.meter.seconds
    assert parsed > 0
    with pytest.raises(InvalidInput):
        made.read(VOCABULARY)
    assert asked.meter.seconds > parsed
