"""A need that is no emergency, such as a training, has a pace of its own, and the other needs of its case keep theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.errors import Misconfigured
from ngao.kernel.urgency import URGENCIES
from ngao.testing.memory import SHIPPED_POLICY
from services.referral.cases.deadlines import Deadlines, Pace
from services.referral.offers.handle_reply import handle_reply
from services.referral.offers.model import Offer, Reply, Verb
from services.referral.policy import check_paces, load_rules
from tests.support.referral import (
    DEADLINES,
    VOCABULARY,
    Office,
    apply_defender,
    apply_update,
    consent,
    defender,
    follow_report,
    partner,
    report,
)

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
SLOW = Deadlines(
    "p1", "duty_officer", DEADLINES.resolve_by, DEADLINES.by_urgency, {"security_training": Pace(WEEK, MONTH, 3 * MONTH, WEEK)}
)
BOTH = ("legal_aid", "security_training")


@pytest.fixture
def made() -> Office:
    made = Office(partner("a", support_types=BOTH))
    made.deadlines = SLOW
    follow_report(made.ctx(), "NG-1", report(needs=BOTH), [consent()])
    apply_defender(made.ctx(), "NG-1", defender())
    return made


def offer(made: Office, need: str) -> Offer:
    found = made.case().live_offer(need)
    assert found is not None
    return found


def test_an_offer_of_a_training_waits_longer_than_the_emergency_beside_it(made: Office) -> None:
    assert offer(made, "security_training").due == made.now + WEEK
    assert offer(made, "legal_aid").due == made.now + timedelta(minutes=15)


def test_it_starts_and_ends_at_its_pace_and_is_disclosed_as_fast_as_any(made: Office) -> None:
    training = offer(made, "security_training")
    handle_reply(made.ctx(), "a", Reply(training.id, Verb.ACCEPT, ""), keep_early=True)
    accepted = offer(made, "security_training")
    assert accepted.due == made.now + MONTH
    assert accepted.disclose_by == made.now + DEADLINES.of("critical", "legal_aid").disclose_by
    handle_reply(made.ctx(), "a", Reply(training.id, Verb.START, ""), keep_early=True)
    assert offer(made, "security_training").due == made.now + 3 * MONTH


def test_a_later_urgency_does_not_hurry_it(made: Office) -> None:
    asked = made.now
    made.clock.advance(timedelta(minutes=5))
    apply_update(made.ctx(), "NG-1", report(needs=BOTH, urgency="critical", sequence=2), [consent()])
    assert made.case().urgency == "critical"
    assert offer(made, "security_training").due == asked + WEEK


def test_a_pace_never_makes_a_wait_shorter() -> None:
    quick = replace(SLOW, paces={"security_training": Pace(*[timedelta(seconds=1)] * 4)})
    for urgency in URGENCIES:
        assert quick.of(urgency, "security_training") == DEADLINES.of(urgency, "legal_aid")


def test_the_shipped_pace_is_that_of_every_programme_of_training() -> None:
    _, deadlines = load_rules([SHIPPED_POLICY])
    programmes = yaml.safe_load((SHIPPED_POLICY / "trainings.yaml").read_text("utf-8"))["programmes"]
    assert set(deadlines.paces) == {each["need"] for each in programmes.values()}
    for need in deadlines.paces:
        assert deadlines.of("critical", need).respond_by == WEEK


def read(folder: Path, paces: dict[str, Any]) -> Deadlines:
    (folder / "matching.yaml").write_text((SHIPPED_POLICY / "matching.yaml").read_text("utf-8"), "utf-8")
    file = yaml.safe_load((SHIPPED_POLICY / "deadlines.yaml").read_text("utf-8"))
    (folder / "deadlines.yaml").write_text(yaml.safe_dump({**file, "paces": paces}), "utf-8")
    return load_rules([folder])[1]


def test_a_file_without_paces_and_one_with_mistakes(tmp_path: Path) -> None:
    assert read(tmp_path, {}).paces == {}
    slow = {"support_types": ["magic"], "respond_by": 1, "start_by": 1, "complete_by": 1, "match_again": 1}
    with pytest.raises(Misconfigured, match="Each kind of support in one pace: magic"):
        read(tmp_path, {"one": slow, "two": slow})
    with pytest.raises(Misconfigured, match="magic is in no list"):
        check_paces(read(tmp_path, {"one": slow}), VOCABULARY)
