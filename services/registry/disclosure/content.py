"""Write what the box for a partner holds."""

from __future__ import annotations

import json
from typing import Any

from ngao.kernel.records import to_record
from services.registry.contact.model import Way
from services.registry.disclosure.model import Contact, Disclosure


def content_of(disclosure: Disclosure, contact: Contact) -> bytes:
    """Return the content of the box. `ways` say how each contact is used, where an officer confirmed it."""
    content = {
        "v": 1,
        "case_ref": disclosure.partner_case_ref,
        "offer_id": disclosure.id,
        **to_record(contact.identity),
        "contact_safety": to_record(contact.safety),
    }
    if contact.ways:
        content["ways"] = [_way(each) for each in contact.ways]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _way(way: Way) -> dict[str, Any]:
    """Return one contact with its rules, without who confirmed it and when: that is the coalition's."""
    hidden = ("id", "confirmed_at", "confirmed_by", "confirmed_how", "allowed", "person_calls")
    return {**to_record(way.rule, *hidden), "shared": way.rule.is_shared}
