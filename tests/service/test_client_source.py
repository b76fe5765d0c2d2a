"""The source's client against a real broker, and the examples of the how-to pages, run as they stand."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ngao.chassis.security import seals
from ngao.client import Refused, SourceClient, keygen
from ngao.client.__main__ import main
from ngao.contracts import Event, encode, make, open_event
from tests.support import outsiders
from tests.support.outsiders import Partner, Platform, offer, within

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with outsiders.opened(tmp_path_factory.mktemp("accounts")) as made:
        yield made


REPORT = {
    "source_event_id": "kept-apart-1", "occurred_at": "2026-11-01T08:00:00+00:00", "reporter": {"role": "witness"},
    "violations": [{"type": "arbitrary_arrest"}], "location": {"scheme": "iso3166-2", "code": "KE-30"},
    "subject": {"identity": {"names": ["Invented Name"], "phones": ["+254700000002"]}},
    "consent": [{"purpose": "referral", "scope": ["contact"]}],
}


def test_a_source_posts_over_the_broker_and_hears_the_receipt(platform: Platform) -> None:
    source_id = f"s{secrets.token_hex(4)}"
    account = platform.account("source", source_id)
    client = SourceClient.from_file(account)
    event_id = client.publish(REPORT)
    (submitted,) = platform.heard("intake.reports")
    assert (submitted.id, submitted.type) == (event_id, "intake.report.submitted.v1")
    assert open_event(submitted)["subject"]["identity"]["phones"] == ["+254700000002"]
    data = {
        "source_event_id": "kept-apart-1", "report_id": "r", "case_ref": "NG-0000000001", "urgency": "high", "duplicate": False,
        "status_url": "/v1/reports/r",
    }
    receipt = make("intake.report.receipt.v1", subject="NG-0000000001", data=data)
    with platform.channel() as channel:
        for _ in range(2):
            channel.basic_publish("results", f"{source_id}.{receipt.type}", encode(receipt), mandatory=True)
    got: list[Event] = []
    client.results(got.append, within(2, lambda: False))
    client.close()
    assert [each.data["case_ref"] for each in got] == ["NG-0000000001"], "once, though delivered twice"


def test_a_source_that_knows_intakes_key_leaves_nothing_readable_on_the_broker(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    account = platform.account("source", f"s{secrets.token_hex(4)}")
    assert main(["check", "source", str(account)]) == 0
    assert "Reports over AMQP are not sealed" in capsys.readouterr().out
    private, public = seals.new_key_pair()
    seal_to = {"key_id": seals.key_id(public), "public_key": public}
    account.write_text(json.dumps({**json.loads(account.read_text()), "seal_to": seal_to}))
    assert main(["check", "source", str(account)]) == 0
    assert f"sealed to intake's key {seal_to['key_id']}" in capsys.readouterr().out
    client = SourceClient.from_file(account)
    event_id = client.publish(REPORT)
    client.close()
    (sealed,) = platform.heard("intake.reports")
    assert (sealed.id, sealed.type) == (event_id, "intake.report.sealed.v1")
    assert not any(marker in repr(sealed) for marker in ("Invented", "254700000002", "arbitrary_arrest", "kept-apart-1"))
    assert json.loads(seals.open_box(private, sealed.data["box"]))["subject"] == {
        "identity": {**REPORT["subject"]["identity"], "emails": []}  # type: ignore[index]
    }


def test_a_broken_report_is_refused_before_it_leaves(platform: Platform) -> None:
    client = SourceClient.from_file(platform.account("source", f"s{secrets.token_hex(4)}"))
    with pytest.raises(Refused) as caught:
        client.publish({**REPORT, "location": {"scheme": "iso3166-2"}, "surname": "Invented"})
    assert {error["pointer"] for error in caught.value.errors} == {"/location/code", "/surname"}
    assert "Invented" not in f"{caught.value} {caught.value.errors}"


@pytest.fixture
def intake() -> Iterator[int]:
    """A port that answers every post as intake would."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            content = json.dumps({"case_ref": "NG-0000000001", "urgency": "high", "duplicate": False}).encode()
            self.send_response(202)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def heard_until(platform: Platform, kind: str) -> list[str]:
    """What partners said, up to the first of a kind."""
    heard: list[str] = []
    waiting = within(20, lambda: kind in heard)
    while not waiting():
        heard += [event.type for event in platform.heard()]
        time.sleep(0.1)
    return heard


def run(name: str, *arguments: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(HOW_TO / name), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(HOW_TO.parents[1])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_the_partner_of_the_how_to_page_answers_and_opens_what_is_disclosed(platform: Platform) -> None:
    partner_id = f"p{secrets.token_hex(4)}"
    partner = Partner(partner_id, platform.account("partner", partner_id))
    _, _, public_file = keygen(partner.account.parent)
    public = public_file.read_text().strip()
    content = {"v": 1, "case_ref": "NG-0000000001", "offer_id": "o1", "phones": ["+254700000001"]}
    data = {
        "case_ref": "NG-0000000001", "offer_id": "o1", "partner_id": partner_id, "key_id": seals.key_id(public),
        "box": seals.seal_to(public, json.dumps(content).encode()),
    }
    process = run("partner.py", partner.account)
    platform.say(offer(partner, offer_id="o1"))
    answers = heard_until(platform, "partner.offer.accept.v1")
    platform.say(make("registry.contact.disclosed.v1", subject="NG-0000000001", data=data, partner_id=partner_id))
    answers += heard_until(platform, "partner.offer.start.v1")
    process.terminate()
    said = process.communicate()[0]
    assert answers == [f"partner.offer.{verb}.v1" for verb in ("receipt", "accept", "start")]
    assert "+254700000001" not in said


def test_the_source_of_the_how_to_page_posts_and_hears_its_receipt(platform: Platform, intake: int, tmp_path: Path) -> None:
    source_id = f"s{secrets.token_hex(4)}"
    account = platform.account("source", source_id)
    content = {**json.loads(account.read_text()), "http": {"url": f"http://127.0.0.1:{intake}", "key_file": "broker.secret"}}
    account.write_text(json.dumps(content))
    page = (HOW_TO / "post-reports-as-a-source.md").read_text("utf-8")
    report = page.split("```json\n")[1].split("```")[0]
    (tmp_path / "report.json").write_text(report)
    data = {
        "source_event_id": "x", "report_id": "r", "case_ref": "NG-0000000002", "urgency": "high", "duplicate": True,
        "status_url": "/",
    }
    receipt = make("intake.report.receipt.v1", subject="NG-0000000002", data=data)
    with platform.channel() as channel:
        channel.basic_publish("results", f"{source_id}.{receipt.type}", encode(receipt), mandatory=True)
    said = run("source.py", account, tmp_path / "report.json").communicate(timeout=30)[0]
    assert said == "posted: NG-0000000001 high new\nintake.report.receipt.v1 NG-0000000002\n"
    assert open_event(platform.heard("intake.reports")[-1])["source_event_id"] == json.loads(report)["source_event_id"]


@pytest.mark.parametrize(
    ("page", "example"), [("receive-referrals-as-a-partner.md", "partner.py"), ("post-reports-as-a-source.md", "source.py")]
)
def test_a_how_to_page_shows_the_example_that_is_run_and_it_is_short(page: str, example: str) -> None:
    code = (HOW_TO / example).read_text("utf-8")
    assert f"```python\n{code}```" in (HOW_TO / page).read_text("utf-8")
    assert len(code.splitlines()) < 40
