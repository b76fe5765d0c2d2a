"""The notice of an event: the smaller form for a service that only has to inform people. No codes, no boxes, no reasons."""

from __future__ import annotations

from typing import TypedDict

from ngao.contracts.events.registry import ContactSummary
from ngao.contracts.payloads import IfSet, Internal, Part, part


@part()
class Notice(Part):
    """Which case, how urgent it is, and which partner it concerns.

    `need_number` is the number of the need in its case: it shows that two notices are about one need, not about which. `risen` is
    true when the urgency is higher than it was; `again` when the event only repeats what was published before.
    """

    case_ref: Internal[str]
    urgency: IfSet[Internal[str]] = ""
    partner_id: IfSet[Internal[str | None]] = None
    need_number: IfSet[Internal[int | None]] = None
    risen: IfSet[Internal[bool]] = False
    again: IfSet[Internal[bool]] = False


@part()
class OwnerNotice(Part):
    """Which operator owns the case, by the id of the account."""

    case_ref: Internal[str]
    owner: Internal[str]


@part()
class ContactNotice(Part):
    """Whether, and by which kind of channel, the person of a case may be sent something."""

    case_ref: Internal[str]
    defender_ref: Internal[str | None] = None
    contact: Internal[ContactSummary]


class InNoticeOnly(TypedDict, total=False):
    """What the notice of an event says and the event does not."""

    need_number: int | None
    partner_id: str | None
