"""What callers are shown of reports and sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ngao.kernel.vocabulary import ViolationType
from services.intake.reports.model import Report
from services.intake.reports.progress import needs_of, turns_of
from services.intake.reports.schemas import CaseReportShown, SourceShown, StatusShown, show
from services.intake.sources.model import Source


def show_report(report: Report) -> dict[str, Any]:
    """How a report is doing: codes and times, no partner, nothing about who."""
    known, told = needs_of(report.story), report.told
    if told is None:
        raise ValueError("What a source may know of this report has not been worked out.")
    return show(
        StatusShown,
        report_id=report.id,
        case_ref=report.case_ref,
        source_event_id=report.source_event_id,
        status=report.status,
        urgency=told.urgency,
        reasons=told.reasons,
        policy_version=told.policy_version,
        received_at=report.received_at,
        updated_at=report.updated_at,
        withdrawn_at=report.withdrawn_at,
        needs={need: known.get(need, "received") for need in report.needs},
        story=[{"at": turn.at, "what": turn.word, "need": turn.need} for turn in turns_of(report.story)],
    )


def show_case_report(report: Report, labels: Mapping[str, ViolationType]) -> dict[str, Any]:
    """What a report says, for an operator: codes and times, nothing about who."""
    plain = (
        "case_ref", "source_id", "status", "reporter_role", "needs", "needs_proposed", "county", "languages", "occurred_at",
        "occurred_precision", "received_at", "updated_at", "withdrawn_at",
    )  # fmt: skip
    judged = ("urgency", "points", "reasons", "policy_version", "earlier_reports")
    return show(
        CaseReportShown,
        **{name: getattr(report, name) for name in plain},
        **{name: getattr(report.triage, name) for name in judged},
        violations=[
            {**vars(each), "label": labels[each.type].label if each.type in labels else each.type} for each in report.violations
        ],
        has_narrative=bool(report.narrative_parts),
        has_attachments=bool(report.attachments),
        mapping_version=report.mapping.version if report.mapping else None,
        discarded=report.mapping.discarded if report.mapping else (),
        left_out=report.mapping.left_out if report.mapping else (),
        date_doubt=report.doubt,
        forgotten=report.forgotten_at is not None,
    )


def show_source(source: Source, key: str | None = None) -> dict[str, Any]:
    """A source, with its new key if it was just given one."""
    fresh = {"key": key} if key else {}
    return show(
        SourceShown,
        source_id=source.id,
        enabled=source.enabled,
        profile=source.profile,
        rate_per_second=source.rate_per_second,
        keys=len(source.key_hashes),
        created_at=source.created_at,
        **fresh,
    )
