"""Rules of triage: simple rules as data, each of which explains itself.

The heaviest violation gives the first points; every rule whose conditions hold adds points or sets a least urgency. The result
lists every rule that fired, so that a duty officer can argue with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ngao.kernel.urgency import LOW, URGENCIES, rank
from ngao.kernel.vocabulary import ViolationType
from services.intake.reports.draft import Violation

# How much later than the stated moment something may have happened, by how exactly the moment is known.
_SLACK = {"day": timedelta(days=1), "month": timedelta(days=31), "year": timedelta(days=366), "estimate": timedelta(days=1)}


@dataclass(frozen=True)
class EarlierReports:
    """A condition on other reports about the same person: at least so many within so many days, of these groups if any are named.

    `before` limits them to those that came before the report of the triage.
    """

    at_least: int
    within_days: int
    violation_group: frozenset[str] = frozenset()
    before: bool = False


@dataclass(frozen=True)
class Condition:
    """All that is set must hold; what concerns a violation must hold for one and the same violation."""

    violation_in: frozenset[str] = frozenset()
    violation_group: frozenset[str] = frozenset()
    ongoing: bool | None = None
    against: frozenset[str] = frozenset()
    perpetrator_in: frozenset[str] = frozenset()
    by_state: bool | None = None
    needs_include: frozenset[str] = frozenset()
    reporter_in: frozenset[str] = frozenset()
    occurred_within_hours: int | None = None
    violations_at_least: int | None = None
    earlier_reports: EarlierReports | None = None


@dataclass(frozen=True)
class Rule:
    """One rule: its name, its sentence, when it fires, and what it does (one of the two)."""

    id: str
    text: str
    when: Condition
    points: int = 0
    at_least: str | None = None


@dataclass(frozen=True)
class TriagePolicy:
    """The rules of one policy version; thresholds are the least points for each urgency above low."""

    version: str
    thresholds: Mapping[str, int]
    rules: tuple[Rule, ...]
    violations: Mapping[str, ViolationType]
    state_perpetrators: frozenset[str] = frozenset()
    decision_reasons: Mapping[str, str] = field(default_factory=dict)
    """Why an operator may decide otherwise: a sentence for each code."""

    @property
    def history_days(self) -> int:
        """Return how far back any rule reads."""
        return max((rule.when.earlier_reports.within_days for rule in self.rules if rule.when.earlier_reports), default=0)


@dataclass(frozen=True)
class Facts:
    """What triage may know of a report: codes and times, nothing about who. `needs` are those that were asked for."""

    violations: tuple[Violation, ...]
    occurred_at: datetime
    occurred_precision: str
    reporter_role: str
    needs: tuple[str, ...]
    now: datetime
    received_at: datetime


@dataclass(frozen=True)
class Earlier:
    """Another report about the same person, as far as triage needs it."""

    received_at: datetime
    violations: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """Other reports about the same person: those of all sources, and those of the report's own source."""

    everybody: tuple[Earlier, ...] = ()
    own: tuple[Earlier, ...] = ()


@dataclass(frozen=True)
class Reason:
    """A rule that fired."""

    rule: str
    text: str


@dataclass(frozen=True)
class Triage:
    """An urgency with its reasons and the version of the policy that made it."""

    urgency: str
    reasons: tuple[Reason, ...]
    points: int
    policy_version: str
    earlier_reports: int = field(default=0)


def triage(policy: TriagePolicy, facts: Facts, history: Iterable[Earlier]) -> Triage:
    """Triage a report; every violation code must be in the policy's list."""
    history = tuple(history)
    heaviest = max((policy.violations[violation.type] for violation in facts.violations), key=lambda each: each.severity)
    fired = [rule for rule in policy.rules if holds(rule.when, policy, facts, history)]
    points = heaviest.severity + sum(rule.points for rule in fired)
    urgency = min([_by_points(policy, points), *(rule.at_least for rule in fired if rule.at_least)], key=rank)
    severity = Reason("severity", f"The heaviest violation reported weighs {heaviest.severity} points: {heaviest.label}.")
    reasons = (severity, *(Reason(rule.id, rule.text) for rule in fired))
    return Triage(urgency, reasons, points, policy.version, len(history))


def holds(when: Condition, policy: TriagePolicy, facts: Facts, history: tuple[Earlier, ...]) -> bool:
    """Return True if all conditions of a rule are met."""
    return (
        any(_violation_fits(when, policy, violation) and _is_recent(when, facts, violation) for violation in facts.violations)
        and (not when.needs_include or bool(when.needs_include & set(facts.needs)))
        and (not when.reporter_in or facts.reporter_role in when.reporter_in)
        and (when.violations_at_least is None or len(facts.violations) >= when.violations_at_least)
        and (when.earlier_reports is None or _has_history(when.earlier_reports, policy, facts, history))
    )


def _violation_fits(when: Condition, policy: TriagePolicy, violation: Violation) -> bool:
    by = set(violation.perpetrators)
    return (
        (not when.violation_in or violation.type in when.violation_in)
        and (not when.violation_group or policy.violations[violation.type].group in when.violation_group)
        and (when.ongoing is None or bool(violation.ongoing) is when.ongoing)
        and (not when.against or violation.against in when.against)
        and (not when.perpetrator_in or bool(by & when.perpetrator_in))
        and (when.by_state is None or bool(by & policy.state_perpetrators) is when.by_state)
    )


def _is_recent(when: Condition, facts: Facts, act: Violation) -> bool:
    """Return True if an act happened within the hours of a condition: by its own date, else by that of the report."""
    if when.occurred_within_hours is None:
        return True
    moment, precision = facts.occurred_at, facts.occurred_precision
    if act.counts_from:
        moment, precision = act.counts_from, "exact"
    elif act.occurred_at:
        moment, precision = act.occurred_at, act.occurred_precision
    return facts.now - moment - slack_of(precision) <= timedelta(hours=when.occurred_within_hours)


def slack_of(precision: str) -> timedelta:
    """Return how much later than the stated moment something may have happened."""
    return _SLACK.get(precision, timedelta())


def _has_history(wanted: EarlierReports, policy: TriagePolicy, facts: Facts, history: tuple[Earlier, ...]) -> bool:
    since = facts.now - timedelta(days=wanted.within_days)
    counted = (other for other in history if other.received_at >= since)
    if wanted.before:
        counted = (other for other in counted if other.received_at < facts.received_at)
    return sum(_of_groups(other, wanted.violation_group, policy) for other in counted) >= wanted.at_least


def _of_groups(earlier: Earlier, groups: frozenset[str], policy: TriagePolicy) -> bool:
    # A code that a later policy no longer lists belongs to no group.
    known = (policy.violations[code].group for code in earlier.violations if code in policy.violations)
    return not groups or any(group in groups for group in known)


def _by_points(policy: TriagePolicy, points: int) -> str:
    return next((urgency for urgency in URGENCIES[:-1] if points >= policy.thresholds[urgency]), LOW)
