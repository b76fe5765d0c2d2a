"""Publish a person's contact to a partner. Referral gets it too, for the partner's catch-up."""

from __future__ import annotations

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.messaging.destinations import EVENTS
from ngao.contracts.events.registry import ContactDisclosed, ContactWithheld
from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.disclosure.model import Disclosure


def publish_disclosed(
    ctx: Context, case: Case, disclosure: Disclosure, key_id: str, box: str, *, supersedes: bool = False
) -> None:
    """Publish the sealed contact to the partner that accepted; `supersedes` replaces what the partner has."""
    payload = ContactDisclosed(
        case_ref=case.id,
        offer_id=disclosure.id,
        partner_id=disclosure.partner_id,
        case_salt=disclosure.case_salt,
        key_id=key_id,
        box=box,
        supersedes=supersedes,
    )
    _publish(ctx, case, disclosure, payload)


def publish_withheld(ctx: Context, case: Case, disclosure: Disclosure, *, recalled: bool = False) -> None:
    """Publish the refusal, with the reason that the partner may know; `recalled` forbids it to use what it has."""
    payload = ContactWithheld(
        case_ref=case.id,
        offer_id=disclosure.id,
        partner_id=disclosure.partner_id,
        case_salt=disclosure.case_salt,
        reason=disclosure.refusal.said_to_partner if disclosure.refusal else "",
        recalled=recalled,
    )
    _publish(ctx, case, disclosure, payload)


def _publish(ctx: Context, case: Case, disclosure: Disclosure, payload: ContactDisclosed | ContactWithheld) -> None:
    ctx.publish(payload, subject=case.id, urgent=case.urgent, partner_id=disclosure.partner_id, to=(PARTNERS, EVENTS))
