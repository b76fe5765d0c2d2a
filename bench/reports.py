"""Reports of about 1 kB about invented persons, the same for every contender."""

from __future__ import annotations

import json
import random
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

SIZE = 1024


def bodies(count: int, counties: list[str], seed: int) -> list[bytes]:
    """Make so many different reports, as JSON. The seed makes the same persons again; the event ids are new each time."""
    chance = random.Random(seed)  # noqa: S311  # invented persons
    return [json.dumps(_padded(_report(chance, counties))).encode() for _ in range(count)]


def _report(chance: random.Random, counties: list[str]) -> dict[str, Any]:
    first, last = (_word(chance).capitalize() for _ in range(2))
    email = f"{first.lower()}.{last.lower()}{chance.randrange(10**6):06d}@example.org"
    return {
        "source_event_id": secrets.token_hex(12),
        "occurred_at": (datetime.now(UTC) - timedelta(hours=3)).isoformat(timespec="seconds"),
        "reporter": {"role": "witness"},
        "subject": {"identity": {"names": [f"{first} {last}"], "emails": [email]}},
        "violations": [{"type": "smear_campaign"}],
        "location": {"scheme": "iso3166-2", "code": chance.choice(counties)},
        "languages": ["sw"],
        "narrative": "",
        "needs": ["legal_aid"],
        "consent": [{"purpose": "referral", "scope": ["contact", "narrative"]}],
        "contact_safety": {"may_contact": True, "channels": ["email"], "code_word": _word(chance)},
    }


def _padded(report: dict[str, Any]) -> dict[str, Any]:
    """Fill the narrative until the whole is 1 kB."""
    missing = SIZE - len(json.dumps(report))
    report["narrative"] = ("What happened. " * (missing // 15 + 1))[: max(1, missing)]
    return report


def _word(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(5))
