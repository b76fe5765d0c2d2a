"""What every stored record has: an id of ours and the revision that guards it against lost updates."""

from __future__ import annotations

from mongoengine import Document, IntField, StringField


class Stored(Document):  # type: ignore[misc]  # mongoengine has no types
    """The base of every service's documents.

    `revision` is 0 until it is stored and counts up with each change; a change is written only over the revision
    that was read (optimistic concurrency), so two who read the same state cannot both win.
    """

    id = StringField(primary_key=True)
    revision = IntField(required=True, default=0)

    meta = {"abstract": True, "auto_create_index": False}
