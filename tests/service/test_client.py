"""The partner's client against a real broker, with the accounts that onboarding really makes."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.security import seals
from ngao.client import FileSeen, Keys, Refused, Unreachable, consumer, keygen
from ngao.contracts import Event, encode, make, open_event
from tests.support import outsiders
from tests.support.outsiders import Partner, Platform, offer, within

RECEIPT = "partner.offer.receipt.v1"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with outsiders.opened(tmp_path_factory.mktemp("accounts")) as made:
        yield made


@pytest.fixture
def partner(platform: Platform) -> Partner:
    partner_id = f"p{secrets.token_hex(4)}"
    platform.heard()
    return Partner(partner_id, platform.account("partner", partner_id))


def kinds(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def test_an_offer_is_handled_receipted_and_taken_off_the_queue(platform: Platform, partner: Partner) -> None:
    client, got = partner.client(), []
    client.on("referral.offered.v1")(got.append)
    said = offer(partner)
    platform.say(said)
    client.run(within(10, lambda: bool(got)))
    client.close()
    assert got[0].data["offer_id"] == said.data["offer_id"]
    assert isinstance(got[0].data["respond_by"], datetime)
    (receipt,) = platform.heard()
    assert (receipt.type, receipt.source, receipt.data["offer_id"]) == (RECEIPT, f"/partner/{partner.id}", said.data["offer_id"])
    assert platform.counts(partner.account) == [0, 0]


def test_an_answer_from_inside_the_handler_follows_the_receipt(platform: Platform, partner: Partner) -> None:
    client, done = partner.client(), []

    @client.on("referral.offered.v1")
    def offered(event: Event) -> None:
        client.accept(event.data["offer_id"])
        done.append(event)

    platform.say(offer(partner))
    client.run(within(10, lambda: bool(done)))
    client.close()
    assert kinds(platform.heard()) == [RECEIPT, "partner.offer.accept.v1"]


def test_every_verb_travels_as_the_contract_says(platform: Platform, partner: Partner) -> None:
    client = partner.client()
    client.accept("o")
    client.decline("o", "no_capacity")
    client.start("o")
    client.complete("o", "advised")
    client.fail("o", "unreachable")
    client.close()
    heard = platform.heard()
    assert kinds(heard) == [f"partner.offer.{verb}.v1" for verb in ("accept", "decline", "start", "complete", "fail")]
    assert [open_event(each) for each in heard][1:2] == [{"offer_id": "o", "reason": "no_capacity"}]


def test_a_code_that_the_contract_does_not_know_is_refused_here(partner: Partner) -> None:
    with pytest.raises(Refused) as caught:
        partner.client().decline("o", "just_because")
    assert caught.value.errors[0]["pointer"] == "/reason"


def test_a_redelivered_offer_is_handled_once_and_receipted_under_the_same_id(platform: Platform, partner: Partner) -> None:
    client, got, last = partner.client(), [], offer(partner)
    client.on("referral.offered.v1")(got.append)
    twice = offer(partner)
    platform.say(twice, twice, twice, last)
    client.run(within(10, lambda: len(got) == 2))
    client.close()
    assert [each.id for each in got] == [twice.id, last.id]
    receipts = [each.id for each in platform.heard()]
    assert len(receipts) == 4
    assert len(set(receipts)) == 2


def test_a_restarted_partner_with_a_file_does_not_handle_again(platform: Platform, partner: Partner, tmp_path: Path) -> None:
    got: list[Event] = []
    said, last = offer(partner), offer(partner)
    for events in ((said,), (said, last)):
        client = partner.client(seen=FileSeen(tmp_path / "seen"))
        client.on("referral.offered.v1")(got.append)
        platform.say(*events)
        awaited = events[-1].id
        client.run(within(10, lambda awaited=awaited: got[-1:] and got[-1].id == awaited))
        client.close()
    assert [each.id for each in got] == [said.id, last.id]


@pytest.mark.parametrize("window", [1, 20])
def test_urgent_offers_overtake_routine_ones_that_came_earlier(
    platform: Platform, partner: Partner, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    """With a window of one, the next urgent offer is never here yet when the one before is done."""
    monkeypatch.setattr(consumer, "PREFETCH", window)
    client, got = partner.client(), []
    client.on("referral.offered.v1")(got.append)
    platform.say(*(offer(partner) for _ in range(30)))
    platform.say(*(offer(partner, urgent=True) for _ in range(30)))
    client.run(within(20, lambda: len(got) == 60))
    client.close()
    assert [event.urgent for event in got] == [True] * 30 + [False] * 30


def test_an_urgent_offer_that_comes_while_we_work_is_next(platform: Platform, partner: Partner) -> None:
    """Forty times, each said in the moment before the handler returns: what the broker pushes may come too late for it."""
    client, got, rounds = partner.client(), [], 40
    platform.say(*(offer(partner) for _ in range(rounds)))
    with platform.channel() as channel:

        @client.on("referral.offered.v1")
        def offered(event: Event) -> None:
            got.append(event.urgent)
            if not event.urgent:
                urgent = offer(partner, urgent=True)
                channel.basic_publish("partners", f"{partner.id}.{urgent.routing_key}", encode(urgent), mandatory=True)

        client.run(within(30, lambda: len(got) == 2 * rounds))
    client.close()
    assert got == [False, True] * rounds


def test_a_handler_that_fails_gets_the_offer_again_and_no_receipt_goes_out_before(platform: Platform, partner: Partner) -> None:
    client, tries = partner.client(), []

    @client.on("referral.offered.v1")
    def offered(event: Event) -> None:
        tries.append(kinds(platform.heard()))
        if len(tries) < 3:
            raise RuntimeError("the partner's own database is away")

    said, other = offer(partner), offer(partner, urgent=True)
    platform.say(said)
    client.run(within(15, lambda: len(tries) == 3))
    client.close()
    assert tries == [[], [], []]
    assert [each.data["offer_id"] for each in platform.heard()] == [said.data["offer_id"]]
    assert other.id not in client._seen


def test_after_the_broker_cut_the_connection_the_client_comes_back(platform: Platform, partner: Partner) -> None:
    client, got = partner.client(), []
    client.on("referral.offered.v1")(got.append)
    first, second = offer(partner), offer(partner)
    platform.say(first)
    cut: list[int] = []

    def cut_then_say() -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end and not (got and platform.connections(f"partner-{partner.id}")):
            time.sleep(0.2)
        cut.append(platform.cut(f"partner-{partner.id}"))
        platform.say(second)

    thread = threading.Thread(target=cut_then_say)
    thread.start()
    client.run(within(40, lambda: len(got) == 2))
    thread.join()
    client.start(second.data["offer_id"])
    client.close()
    assert cut[0] >= 1
    assert [each.id for each in got] == [first.id, second.id]
    assert "partner.offer.start.v1" in kinds(platform.heard()), "replies come back too"


def test_an_account_that_is_revoked_ends_the_client_with_a_sentence(platform: Platform, partner: Partner) -> None:
    client = partner.client()
    client.on("referral.offered.v1")(lambda _event: None)
    platform.management.delete("users", f"partner-{partner.id}")
    with pytest.raises(Refused, match="refuses this account"):
        client.run(within(20, lambda: False))


def test_what_is_no_event_goes_to_the_dead_letters_and_the_rest_flows(platform: Platform, partner: Partner) -> None:
    client, got = partner.client(), []
    client.on("referral.offered.v1")(got.append)
    broken, sound = offer(partner), offer(partner)
    incomplete = replace(offer(partner), data={"offer_id": "o"})
    platform.say(broken, raw=b"{ not an event")
    platform.say(incomplete, sound)
    client.run(within(10, lambda: bool(got)))
    client.close()
    assert got[0].id == sound.id
    dead: set[bytes] = set()
    waiting = within(10, lambda: {b"{ not an event", encode(incomplete)} <= dead)
    with platform.channel() as channel:
        while not waiting():
            dead.add(channel.basic_get("referral.dead", auto_ack=True)[2])
    assert {b"{ not an event", encode(incomplete)} <= dead
    assert encode(sound) not in dead


def test_an_event_of_a_later_version_is_passed_over(platform: Platform, partner: Partner) -> None:
    client, got = partner.client(), []
    client.on("referral.offered.v1")(got.append)
    platform.say(replace(offer(partner), type="referral.offered.v9"), offer(partner))
    client.run(within(10, lambda: bool(got)))
    client.close()
    assert platform.counts(partner.account) == [0, 0]


def disclosure(partner: Partner, public: str, **changed: Any) -> Event:
    content = {
        "v": 1, "case_ref": "NG-0000000001", "offer_id": "o", "names": ["Invented Name"], "phones": ["+254700000001"],
        "emails": [], "contact_safety": None, **changed,
    }
    data = {
        "case_ref": "NG-0000000001", "offer_id": "o", "partner_id": partner.id, "key_id": seals.key_id(public),
        "box": seals.seal_to(public, json.dumps(content).encode()),
    }
    return make("registry.contact.disclosed.v1", subject="NG-0000000001", data=data, partner_id=partner.id)


def test_a_disclosure_is_opened_with_our_private_key(platform: Platform, partner: Partner) -> None:
    _, _, public_file = keygen(partner.account.parent)
    client, got = partner.client(), []
    client.on("registry.contact.disclosed.v1")(got.append)
    platform.say(disclosure(partner, public_file.read_text().strip()))
    client.run(within(10, lambda: bool(got)))
    client.close()
    assert got[0].data["disclosed"]["phones"] == ["+254700000001"]
    assert "box" not in got[0].data
    assert platform.heard() == [], "only offers are receipted"


@pytest.mark.parametrize("case", ["another offer's content", "another partner's key"])
def test_a_disclosure_not_meant_for_this_offer_and_us_is_not_handed_over(platform: Platform, partner: Partner, case: str) -> None:
    _, _, public_file = keygen(partner.account.parent)
    public = public_file.read_text().strip()
    wrong = disclosure(partner, public, offer_id="other") if case.startswith("another offer") else disclosure(
        partner, seals.new_key_pair()[1]
    )
    client, got = partner.client(), []
    client.on("registry.contact.disclosed.v1")(got.append)
    sound = disclosure(partner, public)
    platform.say(wrong, sound)
    client.run(within(10, lambda: bool(got)))
    client.close()
    assert [each.id for each in got] == [sound.id]


def test_a_partner_cannot_speak_for_another(partner: Partner, platform: Platform) -> None:
    client = partner.client()
    forged = make("partner.offer.accept.v1", subject="o", data={"offer_id": "o"})
    with pytest.raises(Refused):
        client._publisher.publish(forged, exchange="partner-replies", routing_key="someone-else.accept")
    client.close()
    assert platform.heard() == []


def test_replies_may_come_from_several_threads(platform: Platform, partner: Partner) -> None:
    client = partner.client()
    threads = [threading.Thread(target=client.start, args=(f"o{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert {each.data["offer_id"] for each in platform.heard()} == {f"o{n}" for n in range(8)}


def test_a_broker_that_is_away_is_unreachable_in_the_time_given(partner: Partner) -> None:
    account = json.loads(partner.account.read_text())
    partner.account.write_text(json.dumps({**account, "port": 1}))
    client = partner.client()
    client._publisher._timeout = 0.5
    with pytest.raises(Unreachable):
        client.accept("o")


def test_the_keys_of_a_client_are_those_beside_its_account(partner: Partner) -> None:
    key_id, _, _ = keygen(partner.account.parent)
    assert Keys.from_directory(partner.account.parent).ids == (key_id,)
