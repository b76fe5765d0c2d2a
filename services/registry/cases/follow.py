"""Keep up with what a source says later about its report."""

from __future__ import annotations

from ngao.kernel.consent import Statement
from services.registry.cases.finding import case_heard_of
from services.registry.cases.model import Case
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import say_all, view
from services.registry.people.identity import Told
from services.registry.people.resolve import identify, told_in
from services.registry.ports import INTAKE, Ports


def learn_update(
    ports: Ports,
    case_ref: str,
    consents: tuple[Statement, ...],
    *,
    urgent: bool,
    sequence: int | None,
    sealed: tuple[str, str] | None = None,
) -> None:
    """Take the source's consents as an update states them, and what it corrects about the person.

    What it only repeats keeps its first moment. An update that comes late changes nothing else, but may tell since when a
    consent is stated. Every partner at work gets what it may have now, or learns that it must not use what it has.
    Raises Retryable for an unknown case, SealBroken.
    """
    case = case_heard_of(ports, case_ref)
    if not case.is_open:
        return
    before = view(ports, case)
    if case.hear(sequence):
        case.urgent = urgent
    case.hear_consents(consents, sequence)
    corrected = sealed is not None and _correct(ports, case, told_in(ports, sealed, case_ref), sequence)
    ports.cases.save(case)
    after = view(ports, case)
    if after.defender_ref != before.defender_ref:
        say_all(ports, case)
    elif after != before:
        ports.voice.resolved(after)
    if corrected:
        ports.audit.record("contact.corrected", subject=case.id, actor=INTAKE)
    disclose_again(ports, case, corrected=corrected)


def learn_withdrawal(ports: Ports, case_ref: str, *, sequence: int | None) -> None:
    """The source took the report back: nothing is told any more; what it told is kept for its own short time."""
    case = case_heard_of(ports, case_ref)
    if not case.is_open:
        return
    case.hear(sequence)
    case.withdraw(ports.now)
    ports.cases.save(case)
    ports.audit.record("report.withdrawn", subject=case.id, actor=INTAKE)
    disclose_again(ports, case)


def _correct(ports: Ports, case: Case, told: Told, sequence: int | None) -> bool:
    """Take the newer parts over; true if they say how the person is reached.

    The person's record takes over a new address as it does that of a later report.
    """
    newer = case.correct(told, sequence)
    if "identity" not in newer:
        return "contact_safety" in newer
    if case.defender_ref is None:
        identify(ports, case)
    elif case.told.identity:
        ports.defenders.claim(case.defender_ref, case.told.identity)
        case.absorbed = False
    return True
