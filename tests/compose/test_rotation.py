"""Each kind of secret is made new in the deployment while reports come in, as docs/how-to/rotate-secrets.md tells an operator."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable

import pytest

from ngao.deployment.naming import SERVICES
from ngao.deployment.polling import wait_until
from ngao.testing.waiting import eventually
from tests.compose.engine.deployment import GATES, STORES
from tests.compose.engine.docker import Tell
from tests.compose.engine.site import Site
from tests.support.coalition import report
from tests.support.flow import Flow

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]
_WELL_S, _SETTLED_S = 240, 240

Rotate = Callable[[Site, Flow], None]


def broker(site: Site, flow: Flow) -> None:
    site.deployment.ngao("secrets", "rotate", "broker")
    site.deployment.ngao("secrets", "rotate", "broker", "--administrator")
    site.forget_secrets()
    flow.goes_on()
    site.deployment.compose("restart", *SERVICES)  # each connects with the new password


def store(site: Site, flow: Flow) -> None:
    site.deployment.ngao("secrets", "rotate", "store")
    flow.goes_on()
    site.deployment.compose("run", "--rm", "provision")
    site.deployment.compose("restart", *SERVICES)
    site.deployment.wait_until_well(_WELL_S)
    site.deployment.ngao("secrets", "rotate", "store", "--finish")


def tls(site: Site, flow: Flow) -> None:
    site.deployment.ngao("secrets", "rotate", "tls")
    flow.goes_on()
    site.deployment.compose("restart", *STORES)


def authority(site: Site, flow: Flow) -> None:
    site.deployment.ngao("secrets", "rotate", "tls", "--authority")
    restart_all(site)
    flow.goes_on()  # who trusts the old one alone goes on
    site.give_certificates()
    site.deployment.ngao("source", "certificate", flow.account.parent.name.removeprefix("source-"))
    flow.goes_on()
    site.deployment.ngao("secrets", "rotate", "tls", "--switch")
    site.deployment.compose("restart", *STORES)
    site.deployment.wait_until_well(_WELL_S)
    flow.goes_on()
    site.deployment.ngao("secrets", "rotate", "tls", "--finish")
    restart_all(site)


def restart_all(site: Site) -> None:
    site.deployment.compose("restart", "broker", *STORES)
    site.deployment.compose("restart", *SERVICES, *GATES)
    site.deployment.wait_until_well(_WELL_S)
    site.forget_secrets()


def keys(site: Site, flow: Flow) -> None:
    before = {service: site.asks(service, "GET", "/v1/keys")["active"] for service in SERVICES}
    site.deployment.ngao("secrets", "rotate", "keys")
    for service, period in before.items():
        eventually(
            lambda service=service, period=period: site.asks(service, "GET", "/v1/keys")["active"] > period,  # type: ignore[misc]
            within=60, what=f"{service} to wrap under a new period",
        )  # fmt: skip
        flow.goes_on()
    site.deployment.ngao("keys", "rewrap")
    an_hour_ago = time.time() - 3600
    for service, period in before.items():
        newest = max((site.deployment.secrets / service / "keys").glob("kek-*.key"))
        os.utime(newest, (an_hour_ago, an_hour_ago))
        site.deployment.ngao("keys", "retire", period, "--service", service, "--kind", "wrapping")


def sealing(site: Site, flow: Flow) -> None:
    before = site.asks("intake", "GET", "/v1/sealing-key")["key_id"]
    site.deployment.ngao("secrets", "rotate", "sealing")
    eventually(
        lambda: site.asks("intake", "GET", "/v1/sealing-key")["key_id"] != before, within=60, what="intake to tell its new key"
    )
    flow.goes_on()  # the source goes on sealing to the old one


def operator(site: Site, flow: Flow) -> None:
    site.deployment.ngao("secrets", "rotate", "operator")
    flow.goes_on()
    site.deployment.ngao("secrets", "rotate", "operator", "--finish")
    site.forget_secrets()


KINDS: dict[str, Rotate] = {each.__name__: each for each in (broker, store, tls, authority, keys, sealing, operator)}


@pytest.mark.parametrize("kind", KINDS)
def test_reports_before_during_and_after_are_each_accepted_and_referred_once(site: Site, tell: Tell, kind: str) -> None:
    source = site.source(f"rotate-{kind}")
    with Flow(source.account, lambda: report(site.counties[1]), pace=0.5, more=4) as flow:
        flow.goes_on()
        began = time.monotonic()
        KINDS[kind](site, flow)
        site.heal()
        flow.goes_on()
    tell(f"{kind}: {time.monotonic() - began:.0f} s, {len(flow.taken)} reports were taken")
    assert "all good" in site.deployment.ngao("check")
    demand_each_is_referred_once(site, flow.taken)


def demand_each_is_referred_once(site: Site, taken: list[str]) -> None:
    """One report for each that was taken, one case for each report, one partner for each case, and nothing parked."""
    reports = eventually(lambda: stored(site, taken), within=_SETTLED_S, what="every report that was taken to be stored")
    assert set(Counter(reports.values()).values()) == {1}
    for case_ref in reports.values():
        assert wait_until(lambda case_ref=case_ref: site.is_settled(case_ref), _SETTLED_S, 0.5), case_ref  # type: ignore[misc]
    for service in SERVICES:
        assert site.asks(service, "GET", "/v1/parked")["parked"] == [], service


def stored(site: Site, taken: list[str]) -> dict[str, str]:
    """Case references by the source's own ids, once all are there; a report that is there twice fails."""
    found = list(site.database("intake").reports.find({"source_event_id": {"$in": taken}}))
    assert len(found) == len({each["source_event_id"] for each in found})
    return {each["source_event_id"]: each["case_ref"] for each in found} if len(found) == len(taken) else {}
