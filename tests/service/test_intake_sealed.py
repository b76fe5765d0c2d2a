"""Reports that sources seal to intake before they go over AMQP, on a real broker and a real store."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ngao.chassis.security import keyfiles, seals
from ngao.client import SourceClient
from ngao.client.account import load
from ngao.contracts import Event
from ngao.testing.broker import Line, management_of
from ngao.testing.processes import ROOT, ServiceProcess, World
from tests.support.intake import MARKERS, NEWS, AmqpSource, SealingSource, heard, onboard, report
from tests.support.outsiders import within

STORE_OF = "intake"


@pytest.fixture
def amqp_source(world: World) -> Iterator[AmqpSource]:
    made = AmqpSource(world, f"sms-{secrets.token_hex(4)}")
    yield made
    made.close()


@pytest.fixture
def sealing(intake: ServiceProcess, world: World, amqp_source: AmqpSource) -> SealingSource:
    return SealingSource(intake, world, amqp_source)


def test_the_sealing_key_is_told_to_sources_and_operators_only(intake: ServiceProcess, world: World) -> None:
    key = onboard(intake, world, "forms")
    key_id, public = keyfiles.active_public(world.directory / "keys" / "public", "intake")
    for caller in (key, world.operator_key):
        assert intake.request("GET", "/v1/sealing-key", None, caller) == (200, {"key_id": key_id, "public_key": public})
    assert intake.request("GET", "/v1/sealing-key")[0] == 401


def test_a_sealed_report_gets_a_receipt_and_reaches_the_registry_whole(
    sealing: SealingSource, amqp_source: AmqpSource, line: Line, world: World
) -> None:
    body = report()
    sealing.publish(body)
    kind, receipt = amqp_source.answer()
    assert (kind, receipt["source_event_id"], receipt["duplicate"]) == (
        "intake.report.receipt.v1", body["source_event_id"], False
    )  # fmt: skip
    said = heard(line, NEWS[0], receipt["case_ref"])
    private = keyfiles.load_private(world.directory / "keys" / "registry")[said["sealed_identity"]["key_id"]]
    opened = json.loads(seals.open_box(private, said["sealed_identity"]["box"]))
    assert opened["identity"]["names"] == [MARKERS[0]]


def test_the_same_report_over_http_in_clear_and_sealed_is_one_report(sealing: SealingSource, amqp_source: AmqpSource) -> None:
    body = report(needs=["legal_aid", "medical"], attachments=[])
    client = sealing.client()
    first = client.post(body)
    for post_again in (client.publish, amqp_source.post, client.publish):
        post_again(body)
        again = amqp_source.answer()[1]
        assert again == {**first, "source_event_id": body["source_event_id"], "duplicate": True}
    client.close()


def test_a_sealed_report_with_other_content_under_the_same_id_is_refused(
    sealing: SealingSource, amqp_source: AmqpSource
) -> None:
    body = report()
    sealing.client().post(body)
    sealing.publish({**body, "narrative": "another"})
    kind, data = amqp_source.answer()
    assert (kind, data["event_id"], data["reason"]) == (
        "intake.report.rejected.v1", body["source_event_id"], "conflicting-repeat"
    )  # fmt: skip


def test_a_report_sealed_to_another_key_is_parked_and_its_source_hears_why(
    sealing: SealingSource, amqp_source: AmqpSource, store: Any
) -> None:
    before = store.parked.count_documents({"reason": "seal-broken"})
    public = seals.new_key_pair()[1]
    event_id = sealing.publish(report(), seal_to={"key_id": seals.key_id(public), "public_key": public})
    kind, data = amqp_source.answer()
    assert (kind, data["event_id"], data["reason"]) == ("intake.report.rejected.v1", event_id, "seal-broken")
    assert [each["pointer"] for each in data["errors"]] == ["/data/box"]
    sealing.post_box(b"{}", box=seals.seal_to(public, b"{}"))
    assert amqp_source.answer()[1]["reason"] == "seal-broken"
    assert store.parked.count_documents({"reason": "seal-broken"}) == before + 2


def test_a_sealed_report_with_broken_fields_hears_which(
    sealing: SealingSource, amqp_source: AmqpSource, store: Any
) -> None:
    body = report(violations=[{"type": "unheard_of"}], surname=MARKERS[0])
    sealing.post_box(json.dumps(body).encode())
    kind, data = amqp_source.answer()
    assert (kind, data["event_id"], data["reason"]) == ("intake.report.rejected.v1", body["source_event_id"], "invalid-input")
    assert [each["pointer"] for each in data["errors"]] == ["/surname", "/violations/0/type"]
    sealing.post_box(MARKERS[0].encode())
    assert amqp_source.answer()[1]["reason"] == "undecodable"
    everything = repr([list(store[name].find()) for name in store.list_collection_names()])
    assert [marker for marker in MARKERS if marker in everything] == []


def test_a_source_that_the_operators_command_onboards_seals_from_its_first_report(
    intake: ServiceProcess, world: World, tmp_path: Path
) -> None:
    source_id = f"desk-{secrets.token_hex(4)}"
    (tmp_path / "operator.key").touch(mode=0o600)
    (tmp_path / "operator.key").write_text(world.operator_key)
    parts, http = world.parts, urlsplit(world.parts.management)
    command = [sys.executable, "-W", "ignore", "-m", "ngao.cli", "source", "add", source_id]
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "NGAO_HOME": str(tmp_path), "NGAO_URL_INTAKE": f"http://127.0.0.1:{intake.port}",
        "NGAO_OPERATOR_KEY_FILE": str(tmp_path / "operator.key"), "NGAO_BROKER_MANAGEMENT": f"http://{http.hostname}:{http.port}",
        "NGAO_BROKER_USER": world.user, "NGAO_BROKER_PASSWORD_FILE": str(world.directory / "broker.password"),
        "NGAO_EDGE_VHOST": world.edge_vhost, "NGAO_EDGE_ADDRESS": f"{parts.amqp_host}:{parts.amqp_port}",
    }  # fmt: skip
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        account = load(tmp_path / "accounts" / f"source-{source_id}" / "account.json", "source")
        assert account.seal_to is not None
        client = SourceClient(account)
        heard_back: list[Event] = []
        client.publish(report())
        client.results(heard_back.append, within(15, lambda: bool(heard_back)))
        client.close()
        assert [event.type for event in heard_back] == ["intake.report.receipt.v1"]
    finally:
        management_of(world).delete("users", f"source-{source_id}")
