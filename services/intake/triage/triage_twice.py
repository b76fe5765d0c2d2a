"""Triage a report twice: once with all known facts, and once with those of its own source (law 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.intake.context import Context
from services.intake.reports.model import Report
from services.intake.triage.model import Facts, Triage, triage


@dataclass(frozen=True)
class Triages:
    """`whole` is for events, officers and operators; `for_source` knows nothing of others' reports."""

    whole: Triage
    for_source: Triage


def triage_twice(ctx: Context, source_id: str, facts: Facts, keys: Sequence[str], *, but: str = "") -> Triages:
    """Triage facts about the person with these keys twice; `but` is the id of the report that they are of."""
    rules = ctx.policy.triage
    if not keys:
        alone = triage(rules, facts, ())
        return Triages(alone, alone)
    history = ctx.reports.earlier(keys, facts.now - timedelta(days=rules.history_days), source_id=source_id, but=but)
    return Triages(triage(rules, facts, history.everybody), triage(rules, facts, history.own))


def source_triage(ctx: Context, report: Report) -> Triage:
    """Return what the source may know of its report's urgency; an older record is triaged as on the day it came."""
    if report.triage_for_source:
        return report.triage_for_source
    facts = report.facts(report.received_at)
    return triage_twice(ctx, report.source_id, facts, report.person_keys, but=report.id).for_source
