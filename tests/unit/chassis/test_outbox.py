"""What is stored to be published can be read by whoever it is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ngao.chassis.errors import TooLarge
from ngao.chassis.messaging.destinations import EVENTS, MAX_BODY
from ngao.chassis.messaging.outbox import Entry, entry_of
from ngao.chassis.storage.unit_of_work import Publication
from ngao.contracts import encode, make

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DATA = {"reason": "completed", "county": "nairobi", "needs": [], "urgency": "high", "told": [], "case_ref": "NG-1", "reasons": []}


def entry(size: int) -> Entry:
    """Of an event of so many bytes."""
    bare = make("referral.case.closed.v1", subject="NG-1", data=DATA)
    filled = {**bare.data, "reasons": ["x"]}
    short = len(encode(replace(bare, data=filled)))
    event = replace(bare, data={**filled, "reasons": ["x" * (size - short + 1)]})
    return entry_of(Publication(event, EVENTS), None, None, NOW, ("", NOW), encode=encode)


def test_the_largest_event_that_is_read_is_stored() -> None:
    assert len(entry(MAX_BODY).body) == MAX_BODY


def test_an_event_that_nobody_reads_is_not_stored() -> None:
    with pytest.raises(TooLarge):
        entry(MAX_BODY + 1)
