"""What reading a report costs is on the meter of the request that brought it."""

from __future__ import annotations

import json

import pytest

from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.call import Call
from ngao.chassis.security.identity import Principal
from services.intake.policy import load
from services.intake.posted import JSON, LINES, Posted, posted, posted_many
from tests.unit.intake.conftest import POLICY

VOCABULARY = load([POLICY]).rules.vocabulary
BROKEN = json.dumps({"reporter": {f"k{at}": at for at in range(900)}}).encode()


def call(body: bytes, content_type: str) -> Call:
    return Call(Principal("source", "forms"), body, content_type, headers={}, query={}, trace="", idempotency_key="first")


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
