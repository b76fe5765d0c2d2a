"""Two tests with the testing kit: a use case in memory, and a service as a process on a real broker and store."""

from __future__ import annotations

from datetime import UTC, datetime

from ngao.chassis.security.identity import Principal
from ngao.contracts import subscriptions_of
from ngao.contracts.events.intake import ReportWithdrawn
from ngao.testing.broker import Line, provision
from ngao.testing.intake import IntakeInMemory
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from services.intake.reports.draft import Draft, Place, Violation
from services.intake.reports.receive import receive_report
from services.intake.reports.withdraw import withdraw_report

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DRAFT = Draft("form-1", NOW, "self", (Violation("unlawful_arrest"),), Place("iso3166-2", "KE-30"))
REPORT = {
    "source_event_id": "form-1",
    "occurred_at": "2026-03-02T09:00:00Z",
    "reporter": {"role": "self"},
    "subject": {},
    "violations": [{"type": "unlawful_arrest"}],
    "location": {"scheme": "iso3166-2", "code": "KE-30"},
    "consent": [{"purpose": "referral"}],
}


def test_a_report_is_withdrawn_once() -> None:
    """Run use cases in memory; look at what they published and audited."""
    intake, source = IntakeInMemory(NOW), Principal("source", "forms")
    receipt = intake.run(lambda ctx: receive_report(ctx, "forms", DRAFT), source)
    for _ in range(2):
        intake.pass_time(minutes=1)
        intake.run(lambda ctx: withdraw_report(ctx, receipt.report_id), source)
    ((event, _),) = intake.published(ReportWithdrawn)
    assert event.case_ref == receipt.case_ref
    assert [each.actor for each in intake.audited if each.action == "report.withdrawn"] == ["source:forms"]


def test_an_accepted_report_reaches_the_registry(world: World) -> None:
    """Start intake as a process; post over HTTP and read what the broker holds for the registry."""
    provision(world, {"intake": subscriptions_of("intake"), "registry": ("intake.report.accepted.v1",)})
    intake = ServiceProcess(*world.settings("intake")).start()
    try:
        _, source = intake.request("PUT", "/v1/sources/forms", {}, world.operator_key)
        status, _ = intake.request("POST", "/v1/reports", REPORT, source["key"])
        assert status == 202
        line, queue = Line(world), "registry.intake.report.accepted.v1"
        eventually(lambda: line.counts([queue, f"{queue}.urgent"]), what="the report for the registry")
    finally:
        intake.stop()
