"""An offer shows as much as its kind of support needs; what is left out comes with the acceptance."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.errors import Misconfigured
from services.referral import policy
from services.referral.cases.facts import Report
from services.referral.offers.showing import Glimpse, Showing, ShownPlace, Shows

SHIPPED = Path("deploy/policy")
RECEIVED = datetime(2026, 1, 5, tzinfo=UTC)
REPORT = Report("r", "high", ("medical",), 1, county="KE-30", languages=("sw", "so"), received_at=RECEIVED)


@pytest.mark.parametrize(
    ("shows", "seen"),
    [
        (Shows(), Glimpse()),
        (Shows(ShownPlace.REGION), Glimpse(region="nairobi")),
        (Shows(ShownPlace.COUNTY), Glimpse(county="KE-30", region="nairobi")),
        (Shows(ShownPlace.NOTHING, languages=True), Glimpse(languages=("sw", "so"))),
        (Shows(ShownPlace.COUNTY, languages=True), Glimpse("KE-30", "nairobi", ("sw", "so"))),
    ],
)
def test_an_offer_shows_what_its_kind_of_support_needs(shows: Shows, seen: Glimpse) -> None:
    showing = Showing(Shows(), {"medical": shows}, {"KE-30": "nairobi"})
    assert showing.glimpse("medical", REPORT) == seen
    assert showing.glimpse("another", REPORT) == Glimpse()
    assert showing.glimpse("medical", None) == Glimpse()


def test_a_county_of_no_region_is_not_shown_in_its_place() -> None:
    assert Showing(Shows(ShownPlace.REGION)).glimpse("medical", REPORT) == Glimpse()


def test_rules_without_offers_show_nothing(tmp_path: Path) -> None:
    assert _rules(tmp_path, {"offers": None}).glimpse("medical", REPORT) == Glimpse()


def test_a_mistake_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"matching.yaml.*place"):
        _rules(tmp_path, {"offers": {"default": {"place": "village", "languages": False}}})


def test_the_shipped_rules_name_known_supports_and_each_county_once() -> None:
    offers = _shipped()["offers"]
    supports = yaml.safe_load((SHIPPED / "support_types.yaml").read_text())["support_types"]
    counties = yaml.safe_load((SHIPPED / "counties.yaml").read_text())["counties"]
    assert set(offers["support_types"]) <= set(supports)
    assert sorted(county for each in offers["regions"].values() for county in each) == sorted(counties)


def _shipped() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((SHIPPED / "matching.yaml").read_text())
    return loaded


def _rules(folder: Path, changes: dict[str, Any]) -> Showing:
    rules = {name: value for name, value in {**_shipped(), **changes}.items() if value}
    (folder / "matching.yaml").write_text(yaml.safe_dump(rules))
    (folder / "deadlines.yaml").write_text((SHIPPED / "deadlines.yaml").read_text())
    return policy.load_rules((folder,))[0].showing
