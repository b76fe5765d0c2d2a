"""A report that a source seals: nothing of it can be read on its way, and intake reads what was posted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ngao.broker.onboarding import AccountFile, Edge
from ngao.chassis.errors import InvalidInput, Misconfigured
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.security import keyfiles, seals
from ngao.chassis.security.sealed_boxes import AnnouncedBoxes
from ngao.cli.accounts import write_account
from ngao.client import BadAccount, Refused
from ngao.client.account import Account, from_mapping, load
from ngao.client.source import event_of
from ngao.contracts import CONTENT_TYPE, Event, InvalidContent, Undecodable, encode, make
from ngao.deployment import first_keys
from services.intake.reports.submit_amqp import posted_in, refusal_of

SAMPLES = Path(__file__).parents[1] / "contract" / "samples"
REPORT: dict[str, Any] = json.loads((SAMPLES / "intake.report.submitted.v1.json").read_text("utf-8"))["data"]
MARKERS = ("Amani Otieno", "254700000123", "amani@example.org", "plain clothes", "jembe", "KE-30", "woman", "kobo-2026-000417")
PAIR = seals.new_key_pair()


def seal_to(public: str) -> dict[str, str]:
    return {"key_id": seals.key_id(public), "public_key": public}


def account(**changes: Any) -> Account:
    return from_mapping({"source_id": "hotline", "seal_to": seal_to(PAIR[1]), **changes}, "source", base=Path())


def test_nothing_of_a_sealed_report_stands_in_what_is_published() -> None:
    published = encode(event_of(account(), REPORT)).decode()
    assert [marker for marker in MARKERS if marker in published] == []
    assert json.loads(published)["type"] == "intake.report.sealed.v1"


def test_what_is_in_the_box_is_what_would_have_been_posted_in_clear() -> None:
    clear = from_mapping({"source_id": "hotline"}, "source", base=Path())
    event = event_of(account(), REPORT)
    assert json.loads(seals.open_box(PAIR[0], event.data["box"])) == event_of(clear, REPORT).data
    assert event_of(clear, REPORT).type == "intake.report.submitted.v1"


def test_the_length_of_a_sealed_report_does_not_tell_how_much_was_reported() -> None:
    longer = {**REPORT, "narrative": "They came at night. " * 20}
    assert len(event_of(account(), longer).data["box"]) == len(event_of(account(), REPORT).data["box"])


def test_a_broken_report_is_refused_before_it_is_sealed() -> None:
    with pytest.raises(Refused) as caught:
        event_of(account(), {**REPORT, "surname": "Otieno"})
    assert [error["pointer"] for error in caught.value.errors] == ["/surname"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "key_id and a public_key"),
        ({}, "key_id and a public_key"),
        ("abc", "key_id and a public_key"),
        ({"key_id": "0" * 16, "public_key": "AAAA"}, "32 bytes"),
        ({"key_id": "0" * 16, "public_key": PAIR[1]}, "does not match its public_key"),
    ],
)
def test_a_key_that_cannot_be_sealed_to_is_never_taken_for_none(content: object, said: str) -> None:
    with pytest.raises(BadAccount, match=said):
        account(seal_to=content)


def test_the_account_that_onboarding_writes_seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_HOME", str(tmp_path))
    made = AccountFile("source", "hotline", Edge("ngao.edge", "127.0.0.1", 5672), "invented", "reports", {"results": "q"})
    told = {**seal_to(PAIR[1]), "added_tomorrow": "x"}
    folder = write_account(made, http_url="http://127.0.0.1:1", seal_to=told)
    (folder / "http.secret").touch(mode=0o600)
    (folder / "http.secret").write_text("ngao_source_hotline_k")
    recipient = load(folder / "account.json", "source").seal_to
    assert recipient is not None
    assert recipient.key_id == seals.key_id(PAIR[1])
    assert json.loads((folder / "account.json").read_text())["seal_to"] == seal_to(PAIR[1])


class Keys:
    """Intake's key folders."""

    def __init__(self, folder: Path) -> None:
        self.private, self.public = folder / "intake", folder / "public"

    def add(self, period: str) -> dict[str, str]:
        first_keys.init_sealing_pair(self.private, self.public, period, owner="intake")
        return seal_to(keyfiles.active_public(self.public, "intake")[1])


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def delivered(event: Event) -> Delivery:
    return Delivery("intake.reports", "hotline", encode(event), CONTENT_TYPE, "source-hotline", event.id)


def boxed(to: dict[str, str], content: bytes) -> Delivery:
    data = {"key_id": to["key_id"], "box": seals.seal_to(to["public_key"], content)}
    return delivered(make("intake.report.sealed.v1", subject="", data=data, source="/source/hotline"))


def test_boxes_of_every_period_open_without_a_restart(keys: Keys) -> None:
    periods = [keys.add("2026-10")]
    boxes = AnnouncedBoxes(keys.private, keys.public, "intake")
    assert boxes.public() == (periods[0]["key_id"], periods[0]["public_key"])
    periods.append(keys.add("2026-11"))
    for period in periods:
        posted = posted_in(delivered(event_of(account(seal_to=period), REPORT)), boxes)
        assert posted.document["subject"]["identity"] == REPORT["subject"]["identity"]
    assert boxes.public()[0] == periods[1]["key_id"]


def test_a_box_that_does_not_open_is_said_to_be_so(keys: Keys) -> None:
    ours, stranger = keys.add("2026-11"), seal_to(PAIR[1])
    boxes = AnnouncedBoxes(keys.private, keys.public, "intake")
    for to in (stranger, {**stranger, "key_id": ours["key_id"]}):
        with pytest.raises(InvalidInput) as caught:
            posted_in(boxed(to, b"{}"), boxes)
        assert caught.value.slug == "seal-broken"
        assert [each.as_dict()["pointer"] for each in caught.value.errors] == ["/data/box"]


def test_a_box_of_no_json_is_refused_without_repeating_it(keys: Keys) -> None:
    ours = keys.add("2026-11")
    delivery = boxed(ours, b"Amani Otieno")
    with pytest.raises(Undecodable) as caught:
        posted_in(delivery, AnnouncedBoxes(keys.private, keys.public, "intake"))
    told = refusal_of(caught.value, "hotline", delivery)
    assert told.slug == "undecodable"
    assert told.reply is not None
    assert told.reply.data["event_id"] == delivery.message_id
    assert b"Amani" not in encode(told.reply)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda data: data.pop("box"), "/data/box"),
        (lambda data: data.update(box="Amani Otieno"), "/data/box"),
        (lambda data: data.update(key_id="?"), "/data/key_id"),
        (lambda data: data.update(narrative="x"), "/data/narrative"),
    ],
)
def test_a_sealed_event_holds_a_key_id_and_a_box(keys: Keys, change: Callable[[Any], object], pointer: str) -> None:
    document = json.loads(encode(event_of(account(seal_to=keys.add("2026-11")), REPORT)))
    change(document["data"])
    delivery = Delivery("q", "hotline", json.dumps(document).encode(), CONTENT_TYPE, None, secrets.token_hex(4))
    with pytest.raises(InvalidContent) as caught:
        posted_in(delivery, AnnouncedBoxes(keys.private, keys.public, "intake"))
    assert [each.pointer for each in caught.value.errors] == [pointer]
    assert "Amani" not in str(caught.value)


def test_intake_does_not_start_with_a_public_key_that_it_cannot_open_for(keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no sealing key"):
        AnnouncedBoxes(keys.private, keys.public, "intake")
    keys.add("2026-11")
    first_keys.init_sealing_pair(tmp_path / "elsewhere", keys.public, "2026-12", owner="intake")
    with pytest.raises(Misconfigured, match="private half"):
        AnnouncedBoxes(keys.private, keys.public, "intake")
