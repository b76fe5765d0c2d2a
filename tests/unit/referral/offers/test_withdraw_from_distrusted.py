"""What a revoked partner holds is shown to a human once, and then left alone."""

from __future__ import annotations

from dataclasses import replace

from services.referral.offers.model import Verb
from services.referral.offers.withdraw_from_distrusted import withdraw_offer
from tests.unit.referral.cases.test_case_life import live, opened, say


def test_a_human_is_asked_once_about_what_a_revoked_partner_holds() -> None:
    made = opened("mwanga")
    say(made, Verb.ACCEPT)
    held = live(made).id
    made.partners.kept["mwanga"] = replace(made.partners.kept["mwanga"], revoked=True)
    for _ in range(3):
        for offer_id in made.ctx().engagements.of_distrusted([], ["mwanga"], 100):
            withdraw_offer(made.ctx(), offer_id)
    assert made.kinds().count("helper.revoked") == 1
    assert made.ctx().engagements.of_distrusted([], ["mwanga"], 100) == []
    assert made.ctx().engagements.at_work_of("mwanga") == [held]
