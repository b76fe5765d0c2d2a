"""Read what intake put into a sealed box; the box names its case, so that it cannot be moved to another."""

from __future__ import annotations

import json

from ngao.chassis.errors import SealBroken
from services.registry.people.identity import Told


def read_box(content: bytes, case_ref: str) -> Told:
    """What the report told about its person; raises SealBroken when it is another case's or not what intake writes."""
    try:
        raw = json.loads(content)
        if raw["v"] != 1 or raw["case_ref"] != case_ref:
            raise SealBroken("The sealed identity belongs to another case or version.")
        return Told.from_dict(raw)
    except (ValueError, KeyError, TypeError, AttributeError):
        # `from None`: the original error may carry what was in the box.
        raise SealBroken("The sealed identity cannot be read.") from None
