"""Process what a source publishes later about its report."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportUpdated, ReportWithdrawn
from ngao.kernel.urgency import CRITICAL
from services.registry.cases.model import Case
from services.registry.context import INTAKE, Context
from services.registry.disclosure.disclose import disclose_again, disclose_again_by_reference
from services.registry.people.finding import known_case
from services.registry.people.identity import ReportedIdentity
from services.registry.people.publishing import publish_all, publish_person, view
from services.registry.people.resolve import identify, reported_identity_in, statements_of


@on(ReportUpdated)
def follow_update(ctx: Context, update: ReportUpdated, envelope: Event) -> None:
    """Store the source's consents as an update states them, and what it corrects about the person.

    A repeated consent keeps its first moment. An update that comes late changes nothing else, but may show since when a
    consent is stated. Every partner at work gets what it may have now, or is asked not to use what it has.
    Raises Retryable for an unknown case, SealBroken.
    """
    case = known_case(ctx, update.case_ref)
    if not case.is_open:
        return
    before, was_urgent = view(ctx, case), case.urgent
    if case.advance_to(envelope.sequence):
        case.urgent = update.urgency == CRITICAL
    case.store_consents(statements_of(update.consent, envelope.time), envelope.sequence)
    sealed = update.sealed_identity
    corrected = sealed is not None and _correct(ctx, case, reported_identity_in(ctx, sealed, case.id), envelope.sequence)
    ctx.cases.save(case)
    after = view(ctx, case)
    if after.defender_ref != before.defender_ref:
        publish_all(ctx, case)
    elif (after, case.urgent) != (before, was_urgent):
        publish_person(ctx, case)
    if corrected:
        ctx.audit("contact.corrected", subject=case.id, actor=INTAKE)
    disclose_again(ctx, case, corrected=corrected)
    if corrected:
        disclose_again_by_reference(ctx, case, corrected=case.facts_added)  # else when they are added to the record


@on(ReportWithdrawn)
def follow_withdrawal(ctx: Context, withdrawal: ReportWithdrawn, envelope: Event) -> None:
    """Disclose nothing more for a report that was withdrawn. Its facts are stored for their own short time."""
    case = known_case(ctx, withdrawal.case_ref)
    if not case.is_open:
        return
    case.advance_to(envelope.sequence)
    case.withdraw(ctx.now)
    ctx.cases.save(case)
    ctx.audit("report.withdrawn", subject=case.id, actor=INTAKE)
    disclose_again(ctx, case)
    disclose_again_by_reference(ctx, case)


def _correct(ctx: Context, case: Case, facts: ReportedIdentity, sequence: int | None) -> bool:
    """Store the newer parts. Returns True if they say how the person is reached.

    The person's record stores a new address as it does that of a later report.
    """
    newer = case.correct(facts, sequence, ctx.now)
    if "identity" not in newer:
        return "contact_safety" in newer
    if case.defender_ref is None:
        identify(ctx, case)
    elif case.facts.identity:
        ctx.addresses.add(case.defender_ref, case.facts.identity)
        case.facts_added = False
    return True
