"""Networks over HTTP on a real store: sealed, bounded by hub, imported row by row, and exported by two."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from ngao.chassis.security.identity import new_key
from ngao.testing.processes import ServiceProcess, World
from tests.service.test_registry import registry  # noqa: F401  # the same process
from tests.support.auditing import on_record
from tests.support.command import ngao

STORE_OF = "registry"
PLACE = {"network": "women_defenders", "hub": "nairobi", "role": "member"}
ALL = {"seen_by_convenor": True, "told_of_cases": True, "contact": True, "how": "in_person"}
KEYS = {
    "nairobi": {"roles": ["hub-convenor"], "hubs": ["KE-30"]},
    "national": {"roles": ["national-convenor"]},
    "office": {"roles": ["caseworker"]},
    "watcher": {"roles": ["watch"]},
}
FOR_CONVENORS = "/v1/networks/women_defenders/hubs/nairobi/members"


@pytest.fixture(scope="module")
def keys(world: World, registry: ServiceProcess) -> Iterator[dict[str, str]]:  # noqa: F811
    assert registry.is_running()
    file = world.directory / "operators.json"
    before = file.read_text()
    made = {name: new_key("operator", name) for name in KEYS}
    listed = [{"id": name, "hash": made[name][1], "scopes": [], **bounds} for name, bounds in KEYS.items()]
    file.write_text(json.dumps({"operators": [*json.loads(before)["operators"], *listed]}))
    yield {name: key for name, (key, _) in made.items()}
    file.write_text(before)


class Office:
    def __init__(self, world: World, registry: ServiceProcess, keys: dict[str, str]) -> None:  # noqa: F811
        self._registry, self._keys = registry, {**keys, "all": world.operator_key}

    def asks(self, method: str, path: str, body: Any = None, *, who: str = "all") -> tuple[int, Any]:
        return self._registry.request(method, path, body, self._keys[who])

    def gets(self, method: str, path: str, body: Any = None, *, who: str = "all") -> Any:
        status, answer = self.asks(method, path, body, who=who)
        assert status == 200, answer
        return answer

    def member(self, place: dict[str, str] | None = None, **agreed: Any) -> tuple[str, str]:
        stated = {"identity": {"names": [f"Invented {secrets.token_hex(4)} canary"]}}
        ref = self.gets("POST", "/v1/defenders", stated)["defender_ref"]
        kept = self.gets("POST", f"/v1/defenders/{ref}/memberships", place or PLACE)["membership_id"]
        self.gets("PUT", f"/v1/defenders/{ref}/memberships/{kept}/agreement", {"how": "in_person", **agreed})
        return ref, kept

    def seen(self, who: str) -> list[str]:
        return [each["defender_ref"] for each in self.gets("GET", FOR_CONVENORS, who=who)["members"]]


@pytest.fixture
def office(world: World, registry: ServiceProcess, keys: dict[str, str]) -> Office:  # noqa: F811
    return Office(world, registry, keys)


def test_what_is_stored_names_no_network_and_no_hub(office: Office, store: Any) -> None:
    ref, kept = office.member(**ALL)
    record = store.memberships.find_one({"_id": ref})
    written = (repr(record), repr(list(on_record(store).find({"subject": ref}))))
    assert not any(word in each for each in written for word in ("women", "nairobi", "canary"))
    assert not any(word in bytes(record["memberships"]) for word in (b"women", b"nairobi", kept.encode()))
    assert len(record["places"]) == 2
    (shown,) = office.gets("GET", f"/v1/defenders/{ref}/memberships?reason=case_work")["memberships"]
    assert (shown["network"], shown["hub"], shown["role"], shown["state"]) == (*PLACE.values(), "member")


def test_convenors_see_who_agreed_and_only_in_their_hub(office: Office) -> None:
    (agreed, _), (silent, _) = office.member(seen_by_convenor=True), office.member()
    (elsewhere, _) = office.member({**PLACE, "hub": "lake"}, **ALL)
    for who in ("nairobi", "national"):
        assert agreed in office.seen(who)
        assert not {silent, elsewhere} & set(office.seen(who))
    lake = "/v1/networks/women_defenders/hubs/lake/members"
    assert office.asks("GET", lake, who="nairobi")[0] == 404
    assert office.asks("GET", lake.replace("lake", "atlantis"), who="nairobi")[0] == 404
    assert elsewhere in str(office.gets("GET", lake, who="national"))
    hubs = {who: office.gets("GET", "/v1/networks", who=who)["networks"][0]["hubs"] for who in ("nairobi", "national")}
    assert [each["code"] for each in hubs["nairobi"]] == ["nairobi"]
    assert len(hubs["national"]) == 6


def test_everything_else_about_members_is_closed_to_convenors(office: Office) -> None:
    ref, kept = office.member(**ALL)
    own = f"/v1/defenders/{ref}/memberships"
    hub = "network=women_defenders&hub=nairobi&reason=case_work"
    calls = [
        ("GET", f"{own}?reason=case_work", None), ("POST", own, PLACE), ("PUT", f"{own}/{kept}/agreement", ALL),
        ("DELETE", f"{own}/{kept}", None), ("GET", f"/v1/members?{hub}", None),
        ("POST", "/v1/members/import", {"table": "network,role\n"}),
        ("POST", "/v1/members/export", {"network": "women_defenders", "reason": "case_work"}),
    ]  # fmt: skip
    for who in ("nairobi", "national", "watcher"):
        assert [office.asks(*call, who=who)[0] for call in calls] == [403] * len(calls)
    assert office.asks("GET", FOR_CONVENORS, who="watcher")[0] == 403
    assert office.asks("POST", "/v1/members/export", calls[-1][2], who="office")[0] == 403
    assert ref in str(office.gets("GET", f"/v1/members?{hub}", who="office"))


def test_who_leaves_is_seen_no_more_and_a_wrong_hub_is_named(office: Office, store: Any) -> None:
    ref, kept = office.member(**ALL)
    assert ref in office.seen("nairobi")
    assert office.gets("DELETE", f"/v1/defenders/{ref}/memberships/{kept}")["state"] == "left"
    assert ref not in office.seen("nairobi")
    assert store.memberships.find_one({"_id": ref})["places"] == []
    assert "networks" not in store.defenders.find_one({"_id": ref})["kept_for"]
    status, answer = office.asks("POST", f"/v1/defenders/{ref}/memberships", {**PLACE, "hub": "atlantis"})
    assert (status, [each["pointer"] for each in answer["errors"]]) == (422, ["/hub"])
    assert "atlantis" not in json.dumps(answer)


def test_a_file_is_tried_imported_and_repeated_by_command_and_exported(
    office: Office, world: World, registry: ServiceProcess, store: Any, tmp_path: Any  # noqa: F811
) -> None:
    name, file = f"Invented {secrets.token_hex(4)}", tmp_path / "members.csv"
    rows = (
        "name,phone,network,hub,role,accepted,seen_by_convenor,contact,how",
        f"{name},0700000{secrets.randbelow(1000):03},women_defenders,rift_valley,member,yes,yes,yes,in_writing",
        "No One,,women_defenders,atlantis,member,,,,",
    )
    file.write_text("\n".join(rows), "utf-8")
    before = store.defenders.count_documents({})
    code, told = ngao(world, "members", "import", str(file), "--dry-run", "--json", registry=registry)
    assert (code, json.loads(told)["counts"]) == (1, {"added": 1, "refused": 1})
    assert store.defenders.count_documents({}) == before
    assert "atlantis" not in told
    code, told = ngao(world, "members", "import", str(file), registry=registry)
    assert code == 1, told
    assert "1 added, 1 refused." in told
    assert store.defenders.count_documents({}) == before + 1
    code, told = ngao(world, "members", "import", str(file), "--json", registry=registry)
    assert json.loads(told)["counts"] == {"unchanged": 1, "refused": 1}
    assert store.defenders.count_documents({}) == before + 1
    arguments = ("members", "export", "women_defenders", "--hub", "rift_valley", "--reason", "case_work")
    code, told = ngao(world, *arguments, registry=registry)
    assert (code, name in told, "'+2547" in told) == (0, True, True)
    sheet = tmp_path / "members.xlsx"
    sheet.write_bytes(b"PK\x03\x04\xff\xfe")
    code, told = ngao(world, "members", "import", str(sheet), registry=registry)
    assert code != 0
    assert "Save the sheet as CSV UTF-8." in told


def test_the_largest_table_is_taken_at_once(office: Office, store: Any) -> None:
    token = secrets.token_hex(3)
    rows = (f"Invented {token}{number},w{number}.{token}@example.org,women_defenders,north,member" for number in range(300))
    table = "\n".join(("name,email,network,hub,role", *rows))
    answer = office.gets("POST", "/v1/members/import", {"table": table, "dry_run": False})
    assert answer["counts"] == {"added": 300}
    refs = [each["defender_ref"] for each in answer["rows"]]
    assert store.memberships.count_documents({"_id": {"$in": refs}}) == 300
    for ref in (refs[0], refs[-1]):
        assert office.gets("GET", f"/v1/defenders/{ref}/memberships?reason=case_work")["memberships"][0]["hub"] == "north"
