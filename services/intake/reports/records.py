"""Reports as records, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ngao.kernel.consent import Statement
from ngao.kernel.records import from_record, to_record
from services.intake.reports.model import Decision, Helper, MappedBy, Report, SealedIdentity
from services.intake.triage.model import Triage

Record = Mapping[str, Any]

_OWN = ("id", "revision", "triage", "consents", "consent_changes", "helpers")
"""What is not stored under its own name, or not as it is."""


def report_record(report: Report) -> dict[str, Any]:
    """Return a report, ready to be stored."""
    record = to_record(report, *_OWN)
    return record | {
        "_id": report.id,
        "closed_at": report.closed_at,
        "consents": [_said(consent, "given_at") for consent in report.consents],
        "consent_changes": [{**_said(consent, "effective_at"), "granted": consent.granted} for consent in report.consent_changes],
        "helpers": [to_record(helper) for helper in report.helpers.values()],
        **to_record(report.triage),
        **{name: record[name] or {} for name in ("decision", "sealed_identity", "mapping")},
    }


def report_from(record: Record) -> Report:
    """Return a stored report."""
    record = {"place_precision": "", **record}  # written before places had one
    if record.get("needs_suggested"):  # written before needs that no source asked for were marked one by one
        record = {**record, "needs_proposed": record.get("needs")}
    parts = {"decision": Decision, "sealed_identity": SealedIdentity, "mapping": MappedBy}
    return from_record(
        Report,
        record,
        id=record["_id"],
        revision=record["revision"],
        consents=tuple(_statement(each, "given_at") for each in record.get("consents") or ()),
        consent_changes=tuple(_statement(consent, "effective_at") for consent in record.get("consent_changes") or ()),
        helpers={helper["offer_id"]: from_record(Helper, helper) for helper in record.get("helpers") or ()},
        triage=from_record(Triage, record),
        **{name: from_record(kind, record[name]) if record.get(name) else None for name, kind in parts.items()},
    )


def _said(statement: Statement, moment: str) -> dict[str, Any]:
    return to_record(statement, "at", "granted") | {moment: statement.at}


def _statement(record: Record, moment: str) -> Statement:
    return from_record(Statement, record, at=record[moment])
