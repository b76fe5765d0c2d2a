"""Whoever may write a service's database cannot write its audit anew without being found out (finding 9)."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest

from ngao.chassis.security.audit import Head, Key, Record, extend
from ngao.deployment import first_keys
from ngao.testing.broker import provision
from ngao.testing.processes import ROOT, ServiceProcess, World
from tests.support.auditing import on_record
from tests.support.told import HEARS

ORDER = {"since": "2026-11-01T08:00:00Z", "reason": "as the incident asks"}
STRANGE = Key("2026-11", b"s" * 32)


@pytest.fixture
def service(world: World) -> Iterator[ServiceProcess]:
    """Referral, with a database of its own for each test."""
    provision(world, HEARS)
    settings, port = world.settings("referral")
    settings.write_text(settings.read_text().replace(world.database("referral"), f"test_{world.name}_{secrets.token_hex(3)}"))
    process = ServiceProcess(settings, port, "tests.support.probe").start()
    yield process
    process.stop()


@pytest.fixture
def database(world: World, service: ServiceProcess) -> Iterator[Any]:
    (name,) = [line.split('"')[1] for line in service.settings.read_text().splitlines() if line.startswith("database")]
    client: Any = pymongo.MongoClient(world.parts.mongo, tz_aware=True)
    yield client[name]
    client.close()


def act(service: ServiceProcess, world: World, times: int = 3) -> None:
    """Let an operator do something that is audited; all of it is about one subject, so in one chain."""
    for _ in range(times):
        assert service.request("POST", "/v1/outbox/replay", ORDER, world.operator_key)[0] == 200


def verified(service: ServiceProcess, world: World, noted: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    method, body = ("GET", None) if noted is None else ("POST", {"heads": noted})
    status, answer = service.request(method, "/v1/audit/verify", body, world.operator_key)
    assert status == 200, answer
    return answer  # type: ignore[no-any-return]


def heads(service: ServiceProcess, world: World) -> list[dict[str, Any]]:
    status, answer = service.request("GET", "/v1/audit/heads", key=world.operator_key)
    assert status == 200, answer
    return answer["heads"]  # type: ignore[no-any-return]


def rebuild(database: Any, key: Key | None = None) -> int:
    """What finding 9 did: write the chain anew without its operator's name, and replace its head."""
    chain = on_record(database).find_one({"action": "outbox.replayed"})["chain"]
    was = list(database["audit"].find({"chain": chain}).sort("n", 1))
    records = [Record(each["action"], each["subject"], "someone-else", each["at"], each["detail"]) for each in was]
    entries, head = extend(Head.first(chain), records, key)
    database["audit"].delete_many({"chain": chain})
    database["audit"].insert_many(entries)
    database["audit_heads"].replace_one({"_id": chain}, {"_id": chain, "n": head.n, "hash": head.hash, "key": head.key})
    return int(chain)


def cut_off(database: Any, head: dict[str, Any]) -> None:
    """Take the entries after an earlier head away."""
    database["audit"].delete_many({"chain": head["_id"], "n": {"$gt": head["n"]}})
    database["audit_heads"].replace_one({"_id": head["_id"]}, head)


@pytest.mark.parametrize("key", [None, STRANGE], ids=["without a key", "with another key"])
def test_a_chain_written_anew_in_the_database_is_not_whole_and_never_is_again(
    service: ServiceProcess, database: Any, world: World, key: Key | None
) -> None:
    act(service, world)
    assert verified(service, world) == {"whole": True, "entries": 3, "unkeyed": 0, "keyed_from": []}
    broken = {"whole": False, "chain": rebuild(database, key), "n": 1, "reason": "hash" if key else "key"}
    assert verified(service, world) == broken
    act(service, world)
    service.stop()
    service.start()
    act(service, world)
    assert verified(service, world) == broken, "a service that goes on after a forged entry does not vouch for it"


def test_entries_cut_off_are_missed_against_heads_that_were_noted(service: ServiceProcess, database: Any, world: World) -> None:
    act(service, world, 1)
    assert on_record(database).count_documents({}) == 1
    earlier = database["audit_heads"].find_one({"n": 1})
    act(service, world, 2)
    noted = heads(service, world)
    assert verified(service, world, noted)["whole"] is True
    act(service, world, 1)
    assert verified(service, world, noted)["entries"] == 4
    service.stop()
    cut_off(database, earlier)
    service.start()
    missed = {"whole": False, "chain": earlier["_id"], "n": 3, "reason": "noted"}
    assert verified(service, world, noted) == missed
    act(service, world, 5)
    assert verified(service, world, noted) == missed, "although the chain is longer than it was"


@pytest.mark.parametrize("wrong", [{"hash": "F" * 64}, {"hash": "0"}, {"chain": 8}, {"n": -1}, {"n": "1"}])
def test_what_is_no_head_is_refused(service: ServiceProcess, world: World, wrong: dict[str, Any]) -> None:
    head = {"chain": 0, "n": 1, "hash": "0" * 64, **wrong}
    assert service.request("POST", "/v1/audit/verify", {"heads": [head]}, world.operator_key)[0] == 422


def test_a_chain_of_the_version_before_goes_on_and_it_is_shown_from_where_on_it_is_keyed(
    service: ServiceProcess, database: Any, world: World
) -> None:
    act(service, world, 1)
    chain = rebuild(database)
    service.stop()
    since = service.settings.parent / "keys" / "referral" / "audit.since"
    was = since.read_text()
    since.write_text((datetime.now(UTC) + timedelta(seconds=1)).isoformat())
    database["audit_heads"].update_one({"_id": chain}, {"$unset": {"key": ""}})
    try:
        service.start()
        act(service, world, 2)
        shown = {"whole": True, "entries": 3, "unkeyed": 1, "keyed_from": [{"chain": chain, "n": 2}]}
        assert verified(service, world) == shown
    finally:
        since.write_text(was)


def test_a_new_period_keys_what_follows(service: ServiceProcess, world: World) -> None:
    act(service, world)
    assert [each["key"] for each in heads(service, world)] == ["2026-11"]
    service.stop()
    newer = service.settings.parent / "keys" / "referral" / "audit-2026-12.key"
    newer.touch(0o600)
    newer.write_text(first_keys.new_secret())
    try:
        service.start()
        act(service, world)
        assert [each["key"] for each in heads(service, world)] == ["2026-12"]
        assert verified(service, world)["whole"] is True
    finally:
        newer.unlink()


def test_the_commands_show_heads_and_verify_against_a_file_of_them(
    service: ServiceProcess, database: Any, world: World, tmp_path: Path
) -> None:
    key = tmp_path / "operator.key"
    key.write_text(world.operator_key)
    environment = {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "NGAO_HOME": str(tmp_path / "home"),
        "NGAO_OPERATOR_KEY_FILE": str(key), "NGAO_URL_REFERRAL": f"http://127.0.0.1:{service.port}",
    }  # fmt: skip

    def ngao(*words: str) -> tuple[int, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "ngao.cli", "audit", *words, "--service", "referral", "--json"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout or "null")

    act(service, world, 1)
    assert on_record(database).count_documents({}) == 1
    earlier = database["audit_heads"].find_one({"n": 1})
    act(service, world, 2)
    code, shown = ngao("heads")
    assert (code, [(each["service"], each["n"]) for each in shown]) == (0, [("referral", 3)])
    noted = tmp_path / "noted.json"
    noted.write_text(json.dumps(shown))
    assert ngao("verify", "--from", str(noted))[0] == 0
    cut_off(database, earlier)
    code, rows = ngao("verify", "--from", str(noted))
    assert (code, rows[0]["whole"], rows[0]["reason"]) == (1, False, "noted")
    assert ngao("verify")[0] == 0, "alone, it looks sound"
    noted.write_text("[]")
    assert ngao("verify", "--from", str(noted))[0] != 0
