"""Handle referral's events about the progress of a case."""

from __future__ import annotations

from dataclasses import replace

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.referral import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    NeedUnroutable,
    OfferAccepted,
    OfferCompleted,
    OfferDeclined,
    OfferEvent,
    OfferExpired,
    OfferFailed,
    OfferRecalled,
    OfferStarted,
    OfferWithdrawn,
)
from ngao.kernel.records import from_record
from services.intake.context import Context
from services.intake.reports.disclose_narrative import disclose_narrative, disclose_what_is_new
from services.intake.reports.partners import PartnerAtWork
from services.intake.reports.progress import Step, partner_has_begun, partner_is_at_work


@on(CaseOpened, CaseClosed, CaseReopened, NeedUnroutable, repeatable=True)
@on(OfferDeclined, OfferExpired, OfferStarted, OfferCompleted, OfferFailed, OfferWithdrawn, OfferRecalled, repeatable=True)
def follow_case(ctx: Context, event: CaseOpened | CaseClosed | NeedUnroutable | OfferEvent, envelope: Event) -> None:
    """Note a step of the case, of a need, or of an offer. Raises NotFound.

    That a need was offered is no news for a source: help is looked for from the moment the case is open.
    """
    needs = event.needs if isinstance(event, CaseOpened) and not isinstance(event, CaseReopened) else ()
    note_progress(ctx, event.case_ref, _step(envelope, needs))


@on(OfferAccepted)
def follow_acceptance(ctx: Context, event: OfferAccepted, envelope: Event) -> None:
    """Note that a partner took the referral: it gets the narrative. Raises NotFound."""
    sequence = envelope.sequence or 0
    partner = PartnerAtWork(event.offer_id, event.partner_id, event.vouch, event.signature, vouch_sequence=sequence)
    if event.again:
        note_vouch(ctx, event.case_ref, partner)
    else:
        note_progress(ctx, event.case_ref, _step(envelope), partner)


def note_progress(ctx: Context, case_ref: str, step: Step, partner: PartnerAtWork | None = None) -> None:
    """Record a step of the timeline; an acceptance (then `partner` is given) brings the partner the narrative.

    Raises NotFound for a case for which intake has no report.
    """
    report = ctx.reports.of_case(case_ref)
    report.note(step)
    if partner:
        partner = partner.over(report.partners.get(partner.offer_id))
        if partner_is_at_work(report.steps, partner.offer_id) and not report.erased_at:
            report.keep_partner(partner)
        disclose_narrative(ctx, report, partner)
    ctx.reports.save(report)


def note_vouch(ctx: Context, case_ref: str, partner: PartnerAtWork) -> None:
    """Take what operators vouch for by now of a partner that accepted before; it gets what it does not have yet.

    Raises NotFound. The acceptance is an old step of the timeline, whatever came after it. If it has not come yet, the vouch is
    kept until then.
    """
    report = ctx.reports.of_case(case_ref)
    has_ended = partner_has_begun(report.steps, partner.offer_id) and not partner_is_at_work(report.steps, partner.offer_id)
    if report.erased_at or has_ended:
        return
    report.keep_partner(partner.over(report.partners.get(partner.offer_id)))
    disclose_what_is_new(ctx, report)
    ctx.reports.save(report)


def _step(envelope: Event, needs: tuple[str, ...] = ()) -> Step:
    """Return an event as a step: the need, the offer and what else a step has are called the same in the event."""
    step = from_record(
        Step, envelope.data, what=envelope.type.removesuffix(".v1"), at=envelope.time, sequence=envelope.sequence or 0
    )
    return replace(step, needs_again=(*step.needs_again, *needs))
