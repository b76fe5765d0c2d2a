"""Prometheus in the deployment: it reads every container over the deployment's own TLS, and its rules have something to judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from ngao.deployment.naming import SERVICES
from ngao.testing.waiting import eventually
from tests.compose.engine.docker import Tell
from tests.compose.engine.site import Site

pytestmark = [pytest.mark.compose, pytest.mark.timeout(400)]

CERTIFICATES = {"http", "broker", "broker-client", "broker-authority", "store", "store-authority"}


class Prometheus:
    """Its own HTTP interface, at the published port."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1"

    def get(self, path: str, **asked: str) -> Any:
        """What it answers; None while it does not."""
        try:
            answer = requests.get(f"{self._base}/{path}", params=asked, timeout=10, proxies={"http": ""})
        except requests.RequestException:
            return None
        return answer.json()["data"] if answer.status_code == 200 else None

    def targets(self) -> list[dict[str, Any]]:
        """What it reads."""
        return list((self.get("targets") or {}).get("activeTargets", ()))

    def ask(self, expression: str) -> list[dict[str, str]]:
        """The labels of what an expression finds."""
        return [each["metric"] for each in (self.get("query", query=expression) or {}).get("result", ())]


@pytest.fixture(scope="module")
def prometheus(site: Site, tell: Tell) -> Iterator[Prometheus]:
    deployment = site.deployment
    tell("prometheus is starting")
    deployment.up("--no-deps", "prometheus")
    started = Prometheus(deployment.port("PROMETHEUS"))
    jobs = {*SERVICES, "broker", "broker-queues"}

    def reads_everything() -> bool:
        return {each["scrapePool"] for each in started.targets() if each["health"] == "up"} == jobs

    eventually(reads_everything, within=180, what="every job to be read")
    yield started
    deployment.compose("rm", "--stop", "--force", "prometheus", check=False)


def test_everything_is_read_and_over_tls(prometheus: Prometheus) -> None:
    targets = prometheus.targets()
    assert [each["lastError"] for each in targets if each["health"] != "up"] == []
    assert {each["scrapeUrl"].partition(":")[0] for each in targets} == {"https"}


def test_every_rule_can_be_judged(prometheus: Prometheus) -> None:
    def judged() -> list[dict[str, Any]]:
        rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        return rules if all(rule["health"] == "ok" for rule in rules) else []

    assert len(eventually(judged, within=60, what="every rule to be judged")) > 20


def test_every_service_tells_when_each_certificate_that_it_meets_runs_out(prometheus: Prometheus) -> None:
    wanted = {(service, certificate) for service in SERVICES for certificate in CERTIFICATES}

    def told() -> bool:
        found = prometheus.ask("ngao_certificate_not_after_timestamp_seconds > time() + 300 * 86400")
        return {(each["service"], each["certificate"]) for each in found} == wanted

    eventually(told, within=90, what="all certificates to be told")


def test_no_partner_and_no_source_is_named(prometheus: Prometheus) -> None:
    eventually(lambda: prometheus.ask("rabbitmq_detailed_queue_consumers"), within=60, what="the queues to be read")
    assert prometheus.ask('rabbitmq_detailed_queue_consumers{queue=~"(partner|source)[.].*"}') == []
    assert prometheus.ask('{service=~".+", queue=~"partner.*"}') == []
