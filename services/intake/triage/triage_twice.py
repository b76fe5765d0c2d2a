"""Judge how urgent a report is: once with all known facts, and once with those of its own source (law 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.intake.context import Context
from services.intake.reports.model import Report
from services.intake.triage.model import Facts, Triage, triage


@dataclass(frozen=True)
class Judgement:
    """`whole` is for events, officers and operators; `told` is for the source and knows nothing of others' reports."""

    whole: Triage
    told: Triage


def judge(ctx: Context, source_id: str, facts: Facts, keys: Sequence[str], *, but: str = "") -> Judgement:
    """Judge facts about the person with these keys twice; `but` is the id of the report that they are of."""
    rules = ctx.policy.triage
    if not keys:
        alone = triage(rules, facts, ())
        return Judgement(alone, alone)
    history = ctx.reports.earlier(keys, facts.now - timedelta(days=rules.history_days), source_id=source_id, but=but)
    return Judgement(triage(rules, facts, history.everybody), triage(rules, facts, history.own))


def source_triage(ctx: Context, report: Report) -> Triage:
    """Return what the source may know of its report's urgency; an older record is judged as on the day it came."""
    if report.told:
        return report.told
    return judge(ctx, report.source_id, report.facts(report.received_at), report.person_keys, but=report.id).told
