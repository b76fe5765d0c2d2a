"""The deployment as an operator runs it: brought up from a copy of this checkout, used from outside, broken, stopped, started."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ngao.deployment.naming import SERVICES
from ngao.testing.waiting import eventually
from tests.compose.engine.docker import Tell
from tests.compose.engine.faults import FAULTS
from tests.compose.engine.site import Site
from tests.compose.engine.tally import Tally
from tests.faults.engine import tables
from tests.faults.engine.rounds import Pace, play
from tests.support.coalition import report

pytestmark = [pytest.mark.compose, pytest.mark.timeout(600)]
PACE = Pace(before=2.0, after=1.0)
KEPT: dict[str, Any] = {}
"""A report that was taken before the faults, for what comes after them."""


def test_a_report_over_https_becomes_an_accepted_referral(site: Site, tally: Tally) -> None:
    source = site.source("forms")
    body = report(site.counties[0])
    status, receipt = site.posts(source, body)
    assert status == 202, receipt
    for what in ("referral.accepted.v1", "registry.contact.disclosed.v1", "intake.narrative.disclosed.v1"):
        site.hears(what, receipt["case_ref"])
    tally.lines["from `up` to the first accepted referral"] = f"{time.monotonic() - site.up_at:.0f} s"
    KEPT.update(source=source, body=body, receipt=receipt)


def test_console_shows_that_each_other_service_is_ready(site: Site) -> None:
    """Over the network of the numbers, each by its certificate."""

    def states() -> dict[str, str]:
        return {each["service"]: each["state"] for each in site.asks("console", "GET", "/v1/system")["services"]}

    ready = {name: "ready" for name in SERVICES if name != "console"}
    eventually(lambda: states() == ready, within=60, what="each service to be shown as ready")


def test_staff_reach_their_pages_through_the_edge_gate_and_nothing_else_of_console(site: Site) -> None:
    status, page = site.pages.request("GET", "/sign-in")
    assert (status, b"<title>Desk</title>" in page) == (200, True)
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/system", "/v1/audit/heads"):
        status, page = site.pages.request("GET", path, key=site.stage.world.operator_key)
        assert (status, b"<title>Desk</title>" in page) == (404, True), path


def test_without_console_a_report_becomes_an_accepted_referral_and_the_gate_stays_open(site: Site) -> None:
    site.deployment.compose("stop", "console", "console-store")
    try:
        status, receipt = site.posts(KEPT["source"], report(site.counties[0]))
        assert status == 202, receipt
        site.hears("referral.accepted.v1", receipt["case_ref"])
    finally:
        site.deployment.up()


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_doubled_or_made_up(site: Site, tell: Tell, tally: Tally, seed: int, fault: str) -> None:
    tell(FAULTS[fault].says)
    result = play(site, FAULTS[fault], seed, PACE)
    tally.rounds.append(result)
    tell(f"{result.verdict.accepted} accepted, {'good' if result.good else 'RED'}, {result.seconds:.0f} s")
    for line in tables.reasons(result):
        tell(f"    {line}")
    assert result.good, "\n".join(tables.reasons(result))


def test_what_stood_before_down_stands_after_up(site: Site, tell: Tell) -> None:
    """Volumes are kept: the case by its reference, the report by its sender's own id, the audit whole; and the flow goes on."""
    source, body, receipt = (KEPT[name] for name in ("source", "body", "receipt"))
    case = site.asks("referral", "GET", f"/v1/cases/{receipt['case_ref']}")
    site.deployment.down()
    assert site.deployment.ids() == []
    tell(f"down, and up again after {site.deployment.up():.0f} s")
    site.deployment.up_mail()
    site.heal()
    assert site.asks("referral", "GET", f"/v1/cases/{receipt['case_ref']}") == case
    status, again = site.posts(source, body)
    assert (status, again["duplicate"], again["case_ref"]) == (202, True, receipt["case_ref"])
    for service in SERVICES:
        assert site.asks(service, "GET", "/v1/audit/verify")["whole"]
        assert site.asks(service, "GET", "/v1/parked")["parked"] == []
    fresh = site.posts(source, report(site.counties[1]))[1]
    site.hears("referral.accepted.v1", fresh["case_ref"])
