"""The notice of an event: the smaller form for a service that only has to inform people. No codes, no boxes, no reasons."""

from __future__ import annotations

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, Tolerant
from ngao.contracts.schemas.registry import ContactSummary


class Notice(Tolerant):
    """Which case, how urgent it is, and which partner it concerns.

    `need_number` is the place of the need in its case: it shows that two notices are about one need, not about which. `risen` is
    true when the urgency is higher than it was; `again` when the event only repeats what was published before.
    """

    case_ref = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(load_default="", metadata=INTERNAL)
    partner_id = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    need_number = fields.Integer(load_default=None, allow_none=True, metadata=INTERNAL)
    risen = fields.Boolean(load_default=False, metadata=INTERNAL)
    again = fields.Boolean(load_default=False, metadata=INTERNAL)


class ContactNotice(Tolerant):
    """Whether, and by which kind of channel, the person of a case may be sent something."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    defender_ref = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    contact = fields.Nested(ContactSummary, required=True, metadata=INTERNAL)
