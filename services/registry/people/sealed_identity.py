"""Read intake's sealed box; the box names its case, so that it cannot be moved to another."""

from __future__ import annotations

import json

from ngao.chassis.errors import SealBroken
from services.registry.people.identity import ReportedIdentity


def read_box(content: bytes, case_ref: str) -> ReportedIdentity:
    """Return the report's facts about its person. Raises SealBroken when they are another case's or not what intake writes."""
    try:
        raw = json.loads(content)
        if raw["v"] != 1 or raw["case_ref"] != case_ref:
            raise SealBroken("The sealed identity belongs to another case or version.")
        return ReportedIdentity.from_dict(raw)
    except (ValueError, KeyError, TypeError, AttributeError):
        # `from None`: the original error may contain personal data.
        raise SealBroken("The sealed identity cannot be read.") from None
