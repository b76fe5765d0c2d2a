"""The few words that are fixed by the contract itself; everything a coalition decides is in policy files."""

from __future__ import annotations

PURPOSES = ("referral", "notification", "statistics", "advocacy")
SCOPES = ("contact", "narrative", "attributes", "location")
PRECISIONS_OF_TIME = ("exact", "day", "month", "year", "estimate")
PRECISIONS_OF_PLACE = ("exact", "ward", "county", "country")
REPORTER_ROLES = ("self", "witness", "relative", "colleague", "organisation", "journalist", "lawyer", "medical", "unknown")
AGAINST = ("defender", "family", "colleagues", "organisation", "community")
DECLINE_REASONS = ("no_capacity", "out_of_area", "conflict_of_interest", "unsafe", "not_eligible", "other")
FAIL_REASONS = ("unreachable", "no_longer_needed", "not_possible", "unsafe", "other")
OUTCOMES = ("helped", "partly_helped", "advised", "handed_over")
CHANNELS = ("email", "sms", "phone")
