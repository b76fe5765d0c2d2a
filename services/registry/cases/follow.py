"""Keep up with what a source says later about its report."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportUpdated, ReportWithdrawn
from ngao.kernel.urgency import CRITICAL
from services.registry.cases.finding import known_case
from services.registry.cases.model import Case
from services.registry.consent.statements import statements_of
from services.registry.context import INTAKE, Context
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import say_all, view
from services.registry.people.identity import Told
from services.registry.people.publishing import publish_resolved
from services.registry.people.resolve import identify, told_in


@on(ReportUpdated)
def follow_update(ctx: Context, update: ReportUpdated, envelope: Event) -> None:
    """Take the source's consents as an update states them, and what it corrects about the person.

    What it only repeats keeps its first moment. An update that comes late changes nothing else, but may tell since when a
    consent is stated. Every partner at work gets what it may have now, or learns that it must not use what it has.
    Raises Retryable for an unknown case, SealBroken.
    """
    case = known_case(ctx, update.case_ref)
    if not case.is_open:
        return
    before = view(ctx, case)
    if case.hear(envelope.sequence):
        case.urgent = update.urgency == CRITICAL
    case.hear_consents(statements_of(update.consent, envelope.time), envelope.sequence)
    sealed = update.sealed_identity
    corrected = sealed is not None and _correct(ctx, case, told_in(ctx, sealed, case.id), envelope.sequence)
    ctx.cases.save(case)
    after = view(ctx, case)
    if after.defender_ref != before.defender_ref:
        say_all(ctx, case)
    elif after != before:
        publish_resolved(ctx, after)
    if corrected:
        ctx.audit("contact.corrected", subject=case.id, actor=INTAKE)
    disclose_again(ctx, case, corrected=corrected)


@on(ReportWithdrawn)
def follow_withdrawal(ctx: Context, withdrawal: ReportWithdrawn, envelope: Event) -> None:
    """Disclose nothing more for a report that was withdrawn; what it told is kept for its own short time."""
    case = known_case(ctx, withdrawal.case_ref)
    if not case.is_open:
        return
    case.hear(envelope.sequence)
    case.withdraw(ctx.now)
    ctx.cases.save(case)
    ctx.audit("report.withdrawn", subject=case.id, actor=INTAKE)
    disclose_again(ctx, case)


def _correct(ctx: Context, case: Case, told: Told, sequence: int | None) -> bool:
    """Take the newer parts over; true if they say how the person is reached.

    The person's record takes over a new address as it does that of a later report.
    """
    newer = case.correct(told, sequence)
    if "identity" not in newer:
        return "contact_safety" in newer
    if case.defender_ref is None:
        identify(ctx, case)
    elif case.told.identity:
        ctx.defenders.claim(case.defender_ref, case.told.identity)
        case.absorbed = False
    return True
