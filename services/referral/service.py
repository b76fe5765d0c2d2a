"""Referral's service, built from what its features declare."""

from __future__ import annotations

from ngao.chassis.handlers import build
from services.referral import cases, directory, matching, offers, partner_log
from services.referral.context import ReferralParts

ReferralService = build(
    "referral", "Cases, offers and the partner directory.", ReferralParts, (cases, offers, directory, matching, partner_log)
)
