"""When somebody of a partner is there: the files of tests/cases/partner, with what is right for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.referral.directory.responses import PartnerRequest, partner_from
from tests.support.cases import answers, case

LEAST = {"name": "Helpers", "support_types": ["legal_aid"], "counties": ["*"], "capacity": 1}


@pytest.mark.parametrize("row", answers("partner"), ids=lambda row: f"{row['file']} {row['at']}")
def test_somebody_is_there_in_the_hours_that_were_given(row: dict[str, Any]) -> None:
    partner = partner_from("helpers", PartnerRequest().load({**LEAST, **case(f"partner/{row['file']}")}))
    at = datetime.fromisoformat(row["at"]).replace(tzinfo=ZoneInfo(partner.timezone))
    assert partner.is_there(at) is row["there"]
