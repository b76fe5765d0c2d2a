"""The registry asks its store once in a unit of work for what it needs several times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from ngao.chassis.security import keyfiles, seals
from ngao.contracts import Event, make, open_event
from ngao.testing.processes import World
from services.registry.people.finding import known_person, open_cases_touched_by
from services.registry.people.identity import Identity
from services.registry.people.model import Defender
from tests.support.forgetting import Held, opened

NAME, PHONE = "Zawadi Invented", "+254700000009"


@pytest.fixture(scope="module")
def registry(world: World) -> Iterator[Held]:
    """It has one report about a person, and a record that a human has linked to theirs."""
    with opened(world, "registry") as held:
        hears(held, accepted(world, held, "NG-0000000001"))
        (person,) = held.records("defenders")

        def link(ctx: Any) -> None:
            identity = ctx.defenders.get(person["_id"]).identity
            ctx.defenders.save(Defender("DEF-0000000001", identity, held.clock.now(), linked_to=person["_id"]))

        held.app.parts.run(link)
        yield held


def accepted(world: World, registry: Held, case_ref: str, name: str = NAME, phone: str = PHONE) -> Event:
    key_id, public = keyfiles.active_public(world.directory / "keys" / "public", "registry")
    identity = {"names": [name], "phones": [phone]}
    facts = {"v": 1, "case_ref": case_ref, "identity": identity, "attributes": {}, "contact_safety": None}
    now = registry.clock.now()
    data = {
        "report_id": "r", "case_ref": case_ref, "source_id": "s", "received_at": now, "occurred_at": now, "urgency": "low",
        "urgency_reasons": [], "policy_version": "1", "reporter_role": "self", "violations": [], "needs": [], "county": "KE-30",
        "languages": [], "consent": [], "has_narrative": False,
        "sealed_identity": {"key_id": key_id, "box": seals.seal_to(public, json.dumps(facts).encode())},
    }  # fmt: skip
    return make("intake.report.accepted.v1", subject=case_ref, data=data)


def updated(registry: Held, case_ref: str) -> Event:
    data = {
        "report_id": "r", "case_ref": case_ref, "urgency": "critical", "urgency_reasons": [], "policy_version": "1", "needs": [],
        "violations": [], "changed": [], "has_narrative": False, "consent": [{"purpose": "referral", "scope": ["contact"]}],
    }  # fmt: skip
    return make("intake.report.updated.v1", subject=case_ref, data=data)


def hears(registry: Held, event: Event, sequence: int = 1) -> None:
    unit = registry.chassis.units.read()
    handle = getattr(registry.app, f"on_{event.type.removesuffix('.v1').replace('.', '_')}")
    assert handle(unit, replace(event, data=open_event(event), sequence=sequence)) is None
    assert registry.chassis.units.commit([unit]) == [None]


@contextmanager
def counted(registry: Held) -> Iterator[Callable[[], Counter[str]]]:
    """Count the queries of each kind meanwhile: the collection, and the fields it is asked by."""
    database = registry.chassis.store.database
    database.drop_collection("system.profile")
    database.command("profile", 2, filter={"op": "query"})

    def counts() -> Counter[str]:
        asked = [each["command"] for each in database["system.profile"].find({"command.find": {"$exists": True}})]
        return Counter(f"{each['find']} by {'+'.join(sorted(each.get('filter', {})))}" for each in asked)

    try:
        yield counts
    finally:
        database.command("profile", 0)


def test_a_report_about_a_known_person_asks_once_for_linked_records_and_undecided_candidates(
    world: World, registry: Held
) -> None:
    with counted(registry) as counts:
        hears(registry, accepted(world, registry, "NG-0000000002"))
        asked = counts()
    (first, second) = registry.records("cases", _id={"$in": ["NG-0000000001", "NG-0000000002"]})
    assert (second["resolution"], second["defender_ref"]) == ("existing", first["defender_ref"])
    assert asked["defenders by linked_to"] == 1  # for the person's own record and the one linked to it, which has the name, too
    assert asked["candidates by $and"] == 1


def test_persons_who_share_a_phone_are_read_together(world: World, registry: Held) -> None:
    """The phone of a hotline may be in hundreds of reports, and each new one is compared with up to a hundred persons."""
    names = product(("Akinyi", "Baraka", "Chebet", "Dafina"), ("Mwangi", "Otieno", "Rotich"))
    for number, name in enumerate(names):
        hears(registry, accepted(world, registry, f"NG-00000001{number:02}", " ".join(name), "+254700000010"))
    with counted(registry) as counts:
        hears(registry, accepted(world, registry, "NG-0000000200", "Zuhura Nyota", "+254700000010"))
        asked = counts()
    (candidate,) = registry.records("candidates", _id="NG-0000000200")
    assert len(candidate["suggestions"]) == 12  # whoever has a name and shares the phone
    assert asked["defenders by _id"] == 1
    assert asked["defenders by linked_to"] == 1


def test_those_whom_a_person_may_be_are_read_together_and_so_are_their_cases(world: World, registry: Held) -> None:
    """Until a human has decided, restrictions of each of them hold: of a phone that many use they may be hundreds."""
    names = product(("Halima", "Juma", "Kioko"), ("Wekesa", "Barasa"))
    for number, name in enumerate(names):
        hears(registry, accepted(world, registry, f"NG-00000003{number:02}", " ".join(name), "+254700000011"))
    hears(registry, accepted(world, registry, "NG-0000000400", "Nasieku Leshan", "+254700000011"))
    (candidate,) = registry.records("candidates", _id="NG-0000000400")
    first, second, *_ = (each["defender_ref"] for each in candidate["suggestions"])
    linked = Defender("DEF-0000000002", Identity(), registry.clock.now(), linked_to=first)
    registry.app.parts.run(lambda ctx: ctx.defenders.save(linked))
    with counted(registry) as counts:
        hears(registry, updated(registry, "NG-0000000400"), sequence=2)
        asked = counts()
    assert asked["defenders by _id"] <= 2
    assert asked["defenders by linked_to"] <= 3
    with counted(registry) as counts:
        touched = registry.app.parts.run(lambda ctx: open_cases_touched_by(ctx, known_person(ctx, second)))
        asked = counts()
    assert len(touched) == 7
    assert asked["defenders by _id"] <= 2
    assert asked["defenders by linked_to"] <= 3
    assert asked["cases by defender_ref"] == 1


def test_an_update_asks_once_for_linked_records_and_undecided_candidates(world: World, registry: Held) -> None:
    hears(registry, accepted(world, registry, "NG-0000000003"))
    with counted(registry) as counts:
        hears(registry, updated(registry, "NG-0000000003"), sequence=2)
        asked = counts()
    (case,) = registry.records("cases", _id="NG-0000000003")
    assert case["urgent"] is True
    assert asked["defenders by linked_to"] == 2
    assert asked["candidates by $and"] == 1
