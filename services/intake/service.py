"""Intake as a service, built from what its features declare."""

from __future__ import annotations

from ngao.chassis.handlers import build
from services.intake import by_phone, checkins, dry_runs, mapping, notes, quarantine, reports, sources, triage
from services.intake.context import IntakeParts

IntakeService = build(
    "intake",
    "Takes reports, answers their sources, and follows the referrals of their cases.",
    IntakeParts,
    (reports, by_phone, checkins, triage, notes, sources, mapping, quarantine, dry_runs),
)
