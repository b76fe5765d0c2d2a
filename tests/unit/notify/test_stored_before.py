"""What a version before has stored can still be read."""

from __future__ import annotations

import pytest

from services.notify.messages.model import Message
from services.notify.messages.store import message_from_record, message_to_document
from services.notify.roster.model import DUTY_OFFICER, Recipient
from tests.support.notify import CASE, START

LATER_FIELDS = ("event", "urgency", "about", "gravity", "covered_by", "held_since")


@pytest.mark.parametrize("missing", [(name,) for name in LATER_FIELDS] + [LATER_FIELDS])
def test_a_message_without_the_fields_that_were_added_later_is_read_with_their_defaults(missing: tuple[str, ...]) -> None:
    recipient = Recipient(DUTY_OFFICER, "deputy")
    stored = Message("id", "cause", CASE, recipient, "look_now", "email", urgent=False, policy_version="1", created_at=START)
    record = message_to_document(stored).to_mongo().to_dict() | {"revision": 0}
    for name in missing:
        record.pop(name, None)
    assert message_from_record(record) == stored
