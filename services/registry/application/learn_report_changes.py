"""Keep up with what a source says later about its report."""

from __future__ import annotations

from datetime import timedelta

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
    """Take the source's consents as they are now.

    All count from when the report came, so that an update cannot undo what the person has since told an operator.
    `consents` may carry any time; raises Retryable for an unknown case.
    """
    case = case_heard_of(ports, case_ref)
    if case.has_heard(sequence):
        return
    before = view(ports, case)
    case.hear(sequence)
    case.urgent = urgent
    case.reported = tuple(_from_report(each, case) for each in consents)
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
    case.withdraw(ports.now + timedelta(days=ports.policy.retention.withdrawn_days))
    ports.cases.save(case)
    ports.audit.record("report.withdrawn", subject=case.id, actor="intake")


def _from_report(statement: Statement, case: Case) -> Statement:
    return Statement(
        granted=True, purpose=statement.purpose, scope=statement.scope, at=case.received_at,
        recipient=statement.recipient, until=statement.until,
    )

