"""Broker and stores are lost with their disks: the deployment goes on from its backup, as docs/how-to tells an operator."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.messaging.outbox import WAITING
from ngao.deployment.naming import SERVICES
from ngao.deployment.polling import wait_until
from ngao.deployment.secrets_folder import SERVICE
from tests.compose.engine.deployment import GATES, STORES, Deployment
from tests.compose.engine.docker import Tell, call, docker
from tests.compose.engine.site import Outsider, Site
from tests.support.coalition import report

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]
_NGAO = ("python", "-m", "ngao.cli")


@pytest.fixture
def backups(folder: Path) -> Path:
    """A folder of the containers' user."""
    made = folder / "backups"
    made.mkdir(mode=0o700)
    os.chown(made, SERVICE, SERVICE)
    return made


def lose_broker_and_stores(deployment: Deployment) -> None:
    deployment.compose("stop", *GATES, *SERVICES)
    deployment.compose("rm", "--stop", "--force", "broker", *STORES)
    docker("volume", "rm", *(deployment.network(name) for name in ("broker", *STORES)))


def put_back(deployment: Deployment, backups: Path) -> str:
    """With the private key over the standard input, as who keeps it elsewhere would do it."""
    (backup,) = backups.iterdir()
    command = (*deployment._compose, "run", "--rm", "-T", "-v", f"{backups}:/backups", "provision", *_NGAO, "restore")
    with (deployment.secrets / "backup" / "backup.key").open() as key:
        done = call(
            *command, f"/backups/{backup.name}", "--key", "-", within=300, stdin=key, cwd=deployment.checkout,
            env=deployment.environment(),
        )  # fmt: skip
    return done.stdout + done.stderr


def take(site: Site, source: Outsider, reports: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    taken = {}
    for body in reports:
        status, receipt = site.posts(source, body)
        assert status == 202, receipt
        taken[body["source_event_id"]] = receipt
    return taken


def demand_settled(site: Site, receipts: dict[str, dict[str, Any]]) -> None:
    for case_ref in {receipt["case_ref"] for receipt in receipts.values()}:
        assert wait_until(lambda case_ref=case_ref: site.is_settled(case_ref), 120, 0.5), case_ref  # type: ignore[misc]


def test_the_flow_goes_on_from_a_backup_after_everything_was_lost(site: Site, backups: Path, tell: Tell) -> None:
    deployment, source = site.deployment, site.source("restored")
    reports = [report(site.counties[1]) for _ in range(10)]
    before = take(site, source, reports[:8])
    # An answer after the backup is lost with it, and the partner does not repeat it by itself (docs/explanation/backups.md).
    demand_settled(site, before)
    tell(deployment.compose("run", "--rm", "-v", f"{backups}:/backups", "provision", *_NGAO, "backup", "--to", "/backups"))
    after = take(site, source, reports[8:])

    for partner in site.partners:
        partner.stop()
    lose_broker_and_stores(deployment)
    deployment.compose("run", "--rm", "provision")
    tell(put_back(deployment, backups))
    deployment.up()
    site.forget_stores()
    site.heal()

    again = take(site, source, reports)
    assert all(again[event]["duplicate"] and again[event]["case_ref"] == before[event]["case_ref"] for event in before)
    assert not any(again[event]["duplicate"] for event in after)
    refs = {receipt["case_ref"] for receipt in again.values()}
    demand_settled(site, again)
    assert wait_until(lambda: not any(site.database(each).outbox.count_documents(WAITING) for each in SERVICES), 60)
    mine = list(site.database("intake").reports.find({"source_id": source.id}))
    assert Counter(each["source_event_id"] for each in mine) == dict.fromkeys(again, 1)
    assert {each["case_ref"] for each in mine} == refs
    for service in SERVICES:
        assert site.asks(service, "GET", "/v1/audit/verify")["whole"], service
        assert site.asks(service, "GET", "/v1/parked")["parked"] == [], service
    assert "all good" in deployment.ngao("check")
