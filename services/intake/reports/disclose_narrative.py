"""Disclose the narrative to a partner that accepted: sealed to it, and only with a consent that is valid at this moment."""

from __future__ import annotations

import json
from dataclasses import replace

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.handlers import before_publishing
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.security.sealed_boxes import seal_to
from ngao.chassis.security.vouches import NotBelieved, RecipientKeys
from ngao.contracts import Event
from ngao.contracts.events.intake import NarrativeDisclosed, NarrativeWithheld
from ngao.kernel import acceptance
from ngao.kernel.consent import FOR_REFERRAL, ConsentAnswer, consent_answer
from ngao.kernel.pairwise import case_ref_for
from services.intake.context import INTAKE, Context
from services.intake.reports.model import Report
from services.intake.reports.narratives import Refusal
from services.intake.reports.partners import PartnerAtWork
from services.intake.reports.progress import case_salt_of, partner_is_at_work


def disclose_narrative(ctx: Context, report: Report, partner: PartnerAtWork) -> None:
    """Disclose to a partner that has just accepted, or give it the reason why not, so that it does not wait."""
    why = _refusal(ctx, report, partner)
    if why:
        _withhold(ctx, report, partner, why)
    else:
        _disclose(ctx, report, partner)


def disclose_what_is_new(ctx: Context, report: Report) -> None:
    """Give those at work on the case what they do not have yet: a later narrative, or one for which consent came later."""
    for partner in list(report.partners.values()):
        if partner.parts_disclosed < len(report.narrative_parts) and _refusal(ctx, report, partner) is None:
            _disclose(ctx, report, partner)


def recall_what_is_refused(ctx: Context, report: Report) -> None:
    """Recall the narrative from those who have it and may not have it any more, also when their work is over: they still hold it.

    Call this, and save the report, whenever consent or restrictions change, or the report is withdrawn.
    """
    for partner in list(report.partners.values()):
        why = _forbidden(ctx, report, partner)
        if partner.parts_disclosed and why:
            _recall(ctx, report, partner, why)


@before_publishing(NarrativeDisclosed)
def narrative_may_leave(ctx: Context, event: NarrativeDisclosed, envelope: Event) -> bool:
    """Decide whether a disclosed narrative may be sent at this moment. If not, it is withheld, and its partner is informed.

    The partner may have it already, from its catch-up or from an earlier sending, so that it is recalled as well. A renewed
    consent brings the whole narrative again.
    """
    report = ctx.reports.by_case(envelope.subject)  # a partner's copy names the case as the partner knows it
    if report is None:
        return False
    known = report.partners.get(event.offer_id)
    partner = known or PartnerAtWork(event.offer_id, event.partner_id)
    why = _refusal(ctx, report, partner)
    if why is None:
        return True
    if known is None:
        _withhold(ctx, report, partner, why, recalled=True)
    elif known.parts_disclosed:
        _recall(ctx, report, known, why)
        ctx.reports.save(report)
    return False


def _refusal(ctx: Context, report: Report, partner: PartnerAtWork) -> Refusal | None:
    """Return why a partner gets no narrative now."""
    if report.withdrawn_at or report.erased_at or not partner_is_at_work(report.steps, partner.offer_id):
        return Refusal.WITHDRAWN
    return _forbidden(ctx, report, partner) if report.narrative_parts else Refusal.NO_NARRATIVE


def _forbidden(ctx: Context, report: Report, partner: PartnerAtWork) -> Refusal | None:
    """Return why a partner may not have a narrative, whether it is at work or has been."""
    if report.withdrawn_at or report.erased_at:
        return Refusal.WITHDRAWN
    if partner.partner_id in report.restricted:
        return Refusal.RESTRICTED
    statements = (*report.consents, *report.consent_changes)
    answer = consent_answer(statements, purpose=FOR_REFERRAL, scope="narrative", recipient=partner.partner_id, now=ctx.now)
    return None if answer is ConsentAnswer.LIVE else Refusal(answer.value)


def _disclose(ctx: Context, report: Report, partner: PartnerAtWork) -> None:
    """Seal to the keys that operators vouch for, if the partner itself has signed its acceptance; to no others."""
    recipient = _recipient(ctx, report, partner)
    if isinstance(recipient, RecipientKeys):
        _seal(ctx, report, partner, recipient)
    elif recipient.value != partner.distrust:
        _withhold(ctx, report, partner, recipient)
        report.keep_partner(replace(partner, distrust=recipient.value))


def _recipient(ctx: Context, report: Report, partner: PartnerAtWork) -> RecipientKeys | Refusal:
    recipient = ctx.recipients.judge(partner.vouch, partner.partner_id)
    if isinstance(recipient, NotBelieved):
        return Refusal(recipient.value)
    accepted = acceptance.to_sign(partner.partner_id, partner.offer_id, _ref_for(report, partner))
    return recipient if recipient.signed(acceptance.PURPOSE, accepted, partner.signature) else Refusal.NOT_SIGNED


def _ref_for(report: Report, partner: PartnerAtWork) -> str:
    """Return the reference by which the partner knows the case, and which it signs."""
    return case_ref_for(partner.partner_id, report.case_ref, case_salt_of(report.steps, partner.offer_id))


def _recall(ctx: Context, report: Report, partner: PartnerAtWork, why: Refusal) -> None:
    """Forbid a partner to use what it has; a renewed consent brings the whole narrative again if it is still at work."""
    _withhold(ctx, report, partner, why, recalled=True)
    report.keep_partner(replace(partner, parts_disclosed=0))


def _withhold(ctx: Context, report: Report, partner: PartnerAtWork, why: Refusal, *, recalled: bool = False) -> None:
    """Publish why the partner does not get the narrative; `recalled` forbids it to use what it has."""
    withheld = NarrativeWithheld(
        case_ref=report.case_ref,
        offer_id=partner.offer_id,
        partner_id=partner.partner_id,
        case_salt=case_salt_of(report.steps, partner.offer_id),
        reason=why.reason_for_partner,
        recalled=recalled,
    )
    _publish(ctx, report, withheld)
    detail = {"partner": partner.partner_id, "offer": partner.offer_id, "reason": why.value}
    ctx.audit("narrative.withheld", subject=report.case_ref, actor=INTAKE, detail=detail)


def _seal(ctx: Context, report: Report, partner: PartnerAtWork, recipient: RecipientKeys) -> None:
    payload = {
        "v": 1,
        "case_ref": _ref_for(report, partner),
        "offer_id": partner.offer_id,
        "narrative": ctx.vault.narrative(report),
    }
    disclosed = NarrativeDisclosed(
        case_ref=report.case_ref,
        offer_id=partner.offer_id,
        partner_id=partner.partner_id,
        case_salt=case_salt_of(report.steps, partner.offer_id),
        key_id=recipient.key_id,
        box=seal_to(recipient.box_key, json.dumps(payload, ensure_ascii=False).encode()),
    )
    ctx.recipients.pin(partner.partner_id, recipient)
    _publish(ctx, report, disclosed)
    report.keep_partner(replace(partner, parts_disclosed=len(report.narrative_parts), distrust=""))
    detail = {"partner": partner.partner_id, "offer": partner.offer_id, "key_id": recipient.key_id}
    ctx.audit("narrative.disclosed", subject=report.case_ref, actor=INTAKE, detail=detail)


def _publish(ctx: Context, report: Report, event: NarrativeDisclosed | NarrativeWithheld) -> None:
    """Publish it to the partner, and to referral for the partner's catch-up and because it waits for this answer."""
    ctx.publish(event, subject=report.case_ref, urgent=report.is_critical, partner_id=event.partner_id, to=(PARTNERS, EVENTS))
