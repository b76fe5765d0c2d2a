"""Decide who is notified of an event."""

from __future__ import annotations

from dataclasses import replace

from ngao.chassis.handlers import on_notices
from ngao.contracts import Event
from ngao.contracts.events.intake import QuarantineFilled, ReportAccepted, ReportQuarantined, ReportUpdated
from ngao.contracts.events.notices import ContactNotice, Notice, OwnerNotice
from ngao.contracts.events.referral import (
    CaseOwned,
    CaseReopened,
    DisclosureMissed,
    NeedUnroutable,
    OfferAccepted,
    OfferCompleted,
    OfferDeclined,
    OfferExpired,
    OfferFailed,
    OfferMade,
    OfferRecalled,
    OfferStarted,
    OfferWithdrawn,
    PartnerRevoked,
)
from ngao.contracts.events.registry import CheckinUnanswered, ContactOutdated, DefenderResolved, ReviewDue
from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import CaseOwner
from services.notify.ladders.planning import plan
from services.notify.messages.model import Message
from services.notify.messages.publishing import queue_messages
from services.notify.roster.model import DEFENDER, DUTY_OFFICER, OWNER, ContactSummary
from services.notify.rules import Facts


@on_notices(
    ReportAccepted,
    ReportUpdated,
    ReportQuarantined,
    QuarantineFilled,
    OfferMade,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferStarted,
    OfferCompleted,
    OfferFailed,
    OfferWithdrawn,
    OfferRecalled,
    NeedUnroutable,
    CaseReopened,
    PartnerRevoked,
    DisclosureMissed,
    ContactOutdated,
    CheckinUnanswered,
    ReviewDue,
)
def plan_for_notice(ctx: Context, notice: Notice, envelope: Event) -> None:
    """Plan what the policy says about an event. An acceptance that is published again (`again`) is ignored."""
    if notice.again:
        return
    facts = Facts(
        cause=envelope.id,
        type=envelope.type,
        case_ref=notice.case_ref,
        urgency=notice.urgency,
        partner_id=notice.partner_id,
        about=str(notice.need_number or ""),
        urgency_risen=notice.risen,
    )
    plan_messages(ctx, facts)


@on_notices(DefenderResolved, repeatable=True)
def plan_for_contact(ctx: Context, notice: ContactNotice, envelope: Event) -> None:
    """Store what the registry says about contact, then plan. It is repeatable only if no rule of the policy names the event."""
    store_contact_summary(ctx, notice, envelope.sequence or 0)
    facts = Facts(cause=envelope.id, type=envelope.type, case_ref=notice.case_ref)
    if ctx.policy.rules_for(facts):
        ctx.unit.needs_mark = True
        plan_messages(ctx, facts)


@on_notices(CaseOwned)
def plan_for_owner(ctx: Context, notice: OwnerNotice, envelope: Event) -> None:
    """Store who owns the case, then plan. An event that was overtaken by a later one changes no owner."""
    sequence, known = envelope.sequence or 0, ctx.owners.get(notice.case_ref)
    if known is None or sequence > known.sequence:
        ctx.owners.save(CaseOwner(notice.case_ref, notice.owner, sequence, known.revision if known else 0))
        plan_messages(ctx, Facts(cause=envelope.id, type=envelope.type, case_ref=notice.case_ref, owner=notice.owner))


def store_contact_summary(ctx: Context, notice: ContactNotice, sequence: int) -> None:
    """Store the newest summary. One that is older than the stored one is ignored; most are the first and not looked up."""
    contact = notice.contact
    summary = ContactSummary(notice.case_ref, notice.defender_ref, contact.may_contact, contact.channels, sequence)
    known = ctx.summaries.get(summary.case_ref) if ctx.unit.again else None
    if known is None:
        ctx.summaries.save(summary)
    elif summary.sequence > known.sequence:
        ctx.summaries.save(replace(summary, revision=known.revision))


def plan_messages(ctx: Context, facts: Facts) -> list[Message]:
    """Queue what the policy requires. A recipient who cannot be reached safely becomes a refusal, never an error."""
    rules = ctx.policy.rules_for(facts)
    summary = ctx.summaries.get(facts.case_ref) if any(rule.recipient_kind == DEFENDER for rule in rules) else None
    if not facts.owner and any(rule.recipient_kind == OWNER for rule in rules):
        owned = ctx.owners.get(facts.case_ref)
        facts = replace(facts, owner=owned.owner if owned else "")
    if not any(rule.recipient_kind in {DUTY_OFFICER, OWNER} or rule.must_reach for rule in rules):
        return queue_messages(ctx, plan(ctx.situation, facts, summary).new)
    case_alarms = CaseAlarms(ctx, facts.case_ref)
    notified = case_alarms.apply(plan(ctx.situation, facts, summary, case_alarms.alarms))
    case_alarms.store()
    return notified
