"""The embedded mongod and its accounts: a service's own cannot change what is on record, and a backup can be put back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymongo
import pytest

from ngao.chassis.messaging.accounts import service_account
from ngao.cli.stores import stores_here, stores_to_fill
from ngao.deployment.backup import sealed_file
from ngao.deployment.backup.restoring import Target
from ngao.deployment.backup.sets import Backup, Sources, take
from ngao.deployment.naming import SERVICES, database_of
from ngao.local import binaries, configuration
from ngao.local.home import Home
from ngao.local.mongo import LocalMongo
from ngao.local.platform import Platform
from tests.support.rights import demand_rights

pytestmark = pytest.mark.thorough

PRIVATE = sealed_file.new_key()
PUBLIC = sealed_file.public_of(PRIVATE)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def mongo(home: Home) -> Iterator[LocalMongo]:
    platform = Platform.at(home)
    made = platform.mongo
    made.start(binaries.mongod(print))
    try:
        made.wait()
        made.make_accounts(SERVICES)
        configuration.write_settings(home, platform.ports)
        configuration.wanted_on_broker(home)
        yield made
    finally:
        made.stop()


def database(mongo: LocalMongo, service: str) -> Any:
    login: Any = {"username": service_account(service), "password": mongo.home.secret(f"mongo-{service}")}
    client: Any = pymongo.MongoClient("127.0.0.1", mongo.port, directConnection=True, authSource=database_of(service), **login)
    return client[database_of(service)]


@pytest.mark.parametrize("service", SERVICES)
def test_an_account_adds_to_what_is_on_record_and_can_neither_change_nor_remove_it(mongo: LocalMongo, service: str) -> None:
    mongo.make_accounts(SERVICES)  # a second time changes nothing
    own = database(mongo, service)
    with own.client:
        demand_rights(own, service)


def test_a_backup_is_put_back_in_the_place_of_what_is_on_record(
    mongo: LocalMongo, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGAO_HOME", str(home.root))
    monkeypatch.delenv("NGAO_STORES", raising=False)
    now = datetime.now(UTC)
    own = database(mongo, "notify")
    with own.client:
        own.outbox.insert_one({"_id": "sent"})
        own.audit.insert_one({"_id": "1:1", "chain": 1, "n": 1})
        folder, _ = take(tmp_path, Sources({"notify": stores_here()["notify"]}, None), PUBLIC, progress=lambda _: None, now=now)
        own.audit.insert_one({"_id": "1:2", "chain": 1, "n": 2})
        backup = Backup.at(folder, PRIVATE)
        (part,) = backup.chosen(["notify"])
        target = Target(stores_to_fill()["notify"], replace=True)
        target.demand_fit()
        backup.fill(part, target, progress=lambda _: None, now=now)
        assert own.audit.find_one({"_id": "1:1"})
        assert own.audit.find_one({"_id": "1:2"}) is None
        mongo.make_accounts(SERVICES)
        with pytest.raises(pymongo.errors.OperationFailure):
            own.audit.delete_many({})
