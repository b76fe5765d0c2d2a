"""What a version before has stored can still be read."""

from __future__ import annotations

import pytest

from ngao.testing.memory import unit_in_memory
from services.notify.messages.model import Message
from services.notify.messages.store import MessageRepository
from services.notify.roster.model import DUTY_OFFICER, Recipient
from tests.support.notify import CASE, START

LATER_FIELDS = ("event", "urgency", "about", "gravity", "covered_by", "held_since")


@pytest.mark.parametrize("missing", [(name,) for name in LATER_FIELDS] + [LATER_FIELDS])
def test_a_message_without_the_fields_that_were_added_later_is_read_with_their_defaults(missing: tuple[str, ...]) -> None:
    recipient = Recipient(DUTY_OFFICER, "deputy")
    stored = Message("id", "cause", CASE, recipient, "look_now", "email", urgent=False, policy_version="1", created_at=START)
    messages = MessageRepository(unit_in_memory(START))
    record = messages._record(stored)
    for name in missing:
        record.pop(name, None)
    assert messages._read(record) == stored
