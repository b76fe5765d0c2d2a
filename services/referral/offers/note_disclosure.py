"""Record that the registry or intake has disclosed something to a partner that accepted, or has withheld it."""

from __future__ import annotations

from ngao.chassis.errors import Retryable
from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import NarrativeDisclosed, NarrativeWithheld
from ngao.contracts.events.registry import ContactDisclosed, ContactWithheld
from services.referral.context import Context
from services.referral.offers.model import CONTACT, DISCLOSED, NARRATIVE, WITHHELD, State

_MAY_READ = frozenset({State.ACCEPTED, State.STARTED, State.COMPLETED})


@on(ContactDisclosed, ContactWithheld, NarrativeDisclosed, NarrativeWithheld)
def note_disclosure(
    ctx: Context, event: ContactDisclosed | ContactWithheld | NarrativeDisclosed | NarrativeWithheld, envelope: Event
) -> None:
    """Record the answer for the acceptance, and store the event for the partner's catch-up while it may read it.

    The partner must not read any more what is withheld now: earlier disclosures of it leave the catch-up. An answer that comes
    late, after a newer one, is not stored: the partner would take it for the newest.
    Raises Retryable for an offer that is not known here yet.
    """
    part = CONTACT if isinstance(event, ContactDisclosed | ContactWithheld) else NARRATIVE
    disclosed = isinstance(event, ContactDisclosed | NarrativeDisclosed)
    case = ctx.cases.of_offer(event.offer_id)
    if case is None or case.id != event.case_ref:
        raise Retryable("The offer of a disclosure is not known here yet.")
    offer = case.offer_with(event.offer_id)
    if offer.partner_id != event.partner_id:
        return
    newest = offer.note_disclosure(part, DISCLOSED if disclosed else WITHHELD, envelope.sequence)
    if not disclosed:
        ctx.partner_log.erase_boxes(offer.id, part, before=envelope.sequence)
    if newest and not disclosed:
        ctx.partner_log.add(offer.partner_id, envelope)
    elif newest and offer.state in _MAY_READ:
        ctx.partner_log.add_box(offer.partner_id, offer.id, part, envelope)
    ctx.cases.save(case)
