"""The registry or intake has disclosed something to a partner that accepted, or has withheld it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ngao.chassis.errors import Retryable
from services.referral.offers.model import DISCLOSED, State
from services.referral.ports import Desk

_MAY_READ = frozenset({State.ACCEPTED, State.STARTED, State.COMPLETED})


@dataclass(frozen=True)
class Disclosure:
    """`part` is contact or narrative, `answer` is disclosed or withheld."""

    case_ref: str
    offer_id: str
    partner_id: str
    part: str
    answer: str


def note_disclosure(desk: Desk, disclosure: Disclosure, event: Any) -> None:
    """Note the answer for the acceptance, and keep the event for the partner's catch-up while it may read it.

    What is withheld now the partner must not read any more: what was disclosed of it before leaves the catch-up.
    Raises Retryable for an offer that is not known here yet.
    """
    case = desk.cases.of_offer(disclosure.offer_id)
    if case is None or case.id != disclosure.case_ref:
        raise Retryable("The offer of a disclosure is not known here yet.")
    offer = case.offer_with(disclosure.offer_id)
    if offer.partner_id != disclosure.partner_id:
        return
    offer.note_disclosure(disclosure.part, disclosure.answer)
    if disclosure.answer != DISCLOSED:
        desk.partner_log.forget_boxes(offer.id, disclosure.part)
        desk.partner_log.add(offer.partner_id, event)
    elif offer.state in _MAY_READ:
        desk.partner_log.add_box(offer.partner_id, offer.id, disclosure.part, event)
    desk.cases.put(case)
