"""Keep up with what a source says later about its report."""

from __future__ import annotations

from ngao.chassis.errors import Retryable
from services.registry.application.people import view
from services.registry.application.ports import Ports
from services.registry.domain.case import Case
from services.registry.domain.consent import Statement


def case_heard_of(ports: Ports, case_ref: str) -> Case:
    """The case; raises Retryable when its first event has not come yet, so that a delay brings the later one back."""
    case = ports.cases.get(case_ref)
    if case is None:
        raise Retryable("The case is not known yet; its first event may still come.")
    return case


def learn_consents(
    ports: Ports, case_ref: str, consents: tuple[Statement, ...], *, urgent: bool, sequence: int | None
) -> None:
    """Take the source's consents as an update states them; what it only repeats keeps its first moment.

    An update that comes late changes nothing else, but may tell since when a consent is stated. Raises Retryable for an
    unknown case.
    """
    case = case_heard_of(ports, case_ref)
    if not case.is_open:
        return
    before = view(ports, case)
    if case.hear(sequence):
        case.urgent = urgent
    case.hear_consents(consents, sequence)
    ports.cases.save(case)
    after = view(ports, case)
    if after != before:
        ports.voice.resolved(after)


def learn_withdrawal(ports: Ports, case_ref: str, *, sequence: int | None) -> None:
    """The source took the report back: nothing is told any more; what it told is kept for its own short time."""
    case = case_heard_of(ports, case_ref)
    if not case.is_open:
        return
    case.hear(sequence)
    case.withdraw(ports.now)
    ports.cases.save(case)
    ports.audit.record("report.withdrawn", subject=case.id, actor="intake")

