"""A group of units has its own time, whoever leads it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pymongo

from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Unit
from tests.support.processes import World


def test_a_leader_whose_own_time_is_over_commits_the_others_all_the_same(world: World) -> None:
    settings = StoreSettings(world.parts.mongo_hosts, "rs0", world.database("group"), None, None, None, 3000)
    store = Store(settings, alias="group")
    store.ensure_indexes(())
    now = datetime.now(UTC)
    committer = GroupCommitter(store, lambda: now, lambda _: None, lease=lambda: ("", now + timedelta(seconds=1)))
    unit = Unit(now=now, keyring=None)  # type: ignore[arg-type]  # nothing is sealed here
    unit.mark("once")
    with pymongo.timeout(0.01):
        time.sleep(0.02)
        errors = committer.commit([unit])
    assert errors == [None]
    assert store.database["inbox"].find_one({"_id": "once"})
    store.close()
