"""Everything is lost but the backup and the keys: the platform goes on from the backup, nothing lost, nothing done twice."""

from __future__ import annotations

import secrets
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymongo
import pytest

from ngao.chassis.messaging.outbox import WAITING
from ngao.chassis.settings import StoreSettings
from ngao.deployment.backup import outsiders, sealed_file
from ngao.deployment.backup.restoring import Target
from ngao.deployment.backup.sets import OUTSIDERS, Backup, Sources, take
from ngao.deployment.naming import SERVICES
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from ngao.testing.worlds import forget
from tests.support.auditing import on_record
from tests.support.coalition import Coalition, Partner, Source, opened, report
from tests.support.outsiders import remove_accounts

pytestmark = pytest.mark.thorough

PRIVATE = sealed_file.new_key()
PUBLIC = sealed_file.public_of(PRIVATE)
SETTLED = {"closed"}


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """A platform of this test's own, because it is destroyed."""
    world = World(Path(tmp_path_factory.mktemp("restore")), secrets.token_hex(4))
    with opened(world, names=SERVICES) as made:
        yield made
    forget(world)


def stores(world: World) -> dict[str, StoreSettings]:
    return {
        service: StoreSettings(world.parts.mongo_hosts, "rs0", world.database(service), None, None, None, 5000)
        for service in SERVICES
    }


def lose_everything(own: Coalition, partner: Partner) -> None:
    """Services and partner die, then all databases and both virtual hosts with every account of an outsider are gone."""
    for process in own.services.values():
        process.signal(signal.SIGKILL)
        process.wait()
    partner.close()
    remove_accounts(own.edge)
    forget(own.world)


def put_back(own: Coalition, backup: Backup) -> None:
    """What `ngao restore` does, into databases with the names of this test."""
    own._provision()
    now = datetime.now(UTC)
    parts = backup.chosen(sorted(backup.parts))
    for part in parts:
        backup.verify(part, now=now)
    for step in outsiders.steps(own.management, backup.outsiders()):
        step.do()
    for part in parts:
        if part.name != OUTSIDERS:
            target = Target(stores(own.world)[part.name], replace=False)
            target.demand_fit()
            backup.fill(part, target, progress=lambda _: None, now=now)


def post_all(source: Source, reports: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["source_event_id"]: source.takes(each) for each in reports}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_platform_goes_on_from_a_backup_taken_while_reports_are_in_flight(own: Coalition, tmp_path: Path) -> None:
    county = own.county()
    partner, source = own.partner(county, "help"), own.source()
    reports = [report(county) for _ in range(10)]
    before = post_all(source, reports[:3])
    for receipt in before.values():
        own.reaches(receipt["case_ref"], "case.closed")
    before |= post_all(source, reports[3:8])
    known = outsiders.read(own.management, own.world.edge_vhost)
    folder, _ = take(tmp_path, Sources(stores(own.world), known), PUBLIC, progress=lambda _: None, now=datetime.now(UTC))
    after = post_all(source, reports[8:])
    assert {receipt["case_ref"] for receipt in after.values()}, "taken after the backup's moment"

    lose_everything(own, partner)
    put_back(own, Backup.at(folder, PRIVATE))
    for process in own.services.values():
        process.start(ready=False)
    for service, process in own.services.items():
        eventually(process.is_ready, within=60, what=f"{service} to be ready; see {process.log}")
    partner.open()
    again = post_all(source, reports)

    for event_id, receipt in before.items():
        assert again[event_id]["case_ref"] == receipt["case_ref"], "what was in the backup is the same case"
        assert again[event_id]["duplicate"] is True
    assert not [event_id for event_id in after if again[event_id]["duplicate"]], "what came after it was taken anew"
    for receipt in again.values():
        own.reaches(receipt["case_ref"], "case.closed", within=90)
        eventually(lambda receipt=receipt: source.status(receipt)["status"] == "closed", what="the source to see it")  # type: ignore[misc]
    own.quiet()
    with pymongo.MongoClient[dict[str, Any]](own.world.parts.mongo) as client:
        found = {service: client[own.world.database(service)] for service in SERVICES}
        nothing_is_doubled(own, found, again)
        nothing_stands_about(own, found)


def nothing_is_doubled(own: Coalition, found: dict[str, Any], receipts: dict[str, dict[str, Any]]) -> None:
    refs = {receipt["case_ref"] for receipt in receipts.values()}
    assert Counter(each["source_event_id"] for each in found["intake"].reports.find()) == dict.fromkeys(receipts, 1)
    for case_ref in refs:
        accepted = [each for each in own.story(case_ref)["offers"] if each["state"] == "completed"]
        assert len(accepted) == 1, case_ref
    for service in ("referral", "registry"):
        assert {each["_id"] for each in found[service].cases.find({}, {"_id": 1})} == refs, "no case without a report"
    mails = found["notify"].messages.find({}, {"cause": 1, "recipient_kind": 1, "recipient_ref": 1, "template": 1})
    told = Counter(tuple(value for name, value in sorted(each.items()) if name != "_id") for each in mails)
    assert told, "somebody was told"
    assert max(told.values()) == 1


def nothing_stands_about(own: Coalition, found: dict[str, Any]) -> None:
    for service in SERVICES:
        assert found[service].outbox.count_documents(WAITING) == 0, service
        assert own.asks(service, "GET", "/v1/parked")["parked"] == [], service
        assert own.asks(service, "GET", "/v1/audit/verify")["whole"] is True, service
        assert on_record(found[service]).count_documents({"action": "store.restored"}) == 1, service
