"""What an operator reads at the command line: cautions before any address, a narrative only when asked for, who owns a case."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ngao.chassis.errors import Misconfigured
from ngao.cli.app import build
from ngao.local.configuration import write_operator
from ngao.local.home import Home
from services.registry.people.read import Reader, person_shown
from services.registry.people.responses import DefenderShown, defender_answer
from tests.support.registry import MARY, SAFE, Register

pytestmark = pytest.mark.loopback

CASE = {
    "case_ref": "NG-4CJY0RRPKP", "urgency": "high", "county": "KE-30", "state": "waiting", "closed_reason": None, "needs": [],
    "created_at": "2026-11-01", "offers": [], "story": [],
}  # fmt: skip
REPORT = {"violations": [], "urgency": "high", "reasons": [{"text": "An arrest goes on."}]}
WORDS = "They came at night."


class Service(BaseHTTPRequestHandler):
    """Answers what it was given, and notes what it was asked."""

    answers: dict[str, Any]
    asked: list[str]
    sent: list[tuple[str, Any]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self._answer()

    def do_POST(self) -> None:
        self.sent.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self._answer()

    def _answer(self) -> None:
        body = json.dumps(self.answers[self.path.partition("?")[0]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Service]]:
    monkeypatch.setenv("NGAO_HOME", str(tmp_path))
    monkeypatch.delenv("NGAO_OPERATOR_KEY_FILE", raising=False)
    home = Home(tmp_path)
    home.make()
    write_operator(home)
    server = HTTPServer(("127.0.0.1", 0), Service)
    for name in ("INTAKE", "REFERRAL", "REGISTRY"):
        monkeypatch.setenv(f"NGAO_URL_{name}", f"http://127.0.0.1:{server.server_port}")
    Service.answers, Service.asked, Service.sent = {}, [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Service
    server.shutdown()
    thread.join()
    server.server_close()


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(build(), arguments)
    assert result.exit_code == 0, result.output
    return result.output


def record(safety: dict[str, Any] | None, *, sees: bool = True) -> dict[str, Any]:
    register = Register()
    register.report("NG-1", MARY, contact_safety=safety)
    known = register.cases.kept["NG-1"].defender_ref or ""
    reader = Reader("case_work", sees_identity=sees)
    answer: dict[str, Any] = DefenderShown().dump(defender_answer(person_shown(register.ctx, known, reader)))
    return answer


@pytest.mark.parametrize("safety", [SAFE, None, {**SAFE, "may_contact": False}])
@pytest.mark.parametrize("sees", [True, False])
def test_every_caution_is_printed_before_the_first_name_or_address(
    service: type[Service], safety: dict[str, Any] | None, sees: bool
) -> None:
    shown = record(safety, sees=sees)
    service.answers = {"/v1/defenders": shown}
    text = printed("defender", "show", "NG-1", "--reason", "case_work")
    cautions = [each["text"] for each in shown["contact"][0]["cautions"]]
    values = [value for values in shown["identity"].values() for value in values]
    assert cautions
    assert values
    assert max(map(text.index, cautions)) < min(map(text.index, values))
    assert service.asked == ["/v1/defenders?case_ref=NG-1&reason=case_work"]


def test_the_code_word_is_printed_before_the_number_too(service: type[Service]) -> None:
    service.answers = {"/v1/defenders": record(SAFE)}
    text = printed("defender", "show", "NG-1", "--reason", "case_work")
    assert text.index("mwavuli") < text.index("+254700000001")


def test_a_person_of_whom_nothing_is_known_about_safe_contact_comes_with_a_prohibition(service: type[Service]) -> None:
    service.answers = {"/v1/defenders": {**record(SAFE), "contact": []}}
    text = printed("defender", "show", "NG-1", "--reason", "case_work")
    assert text.index("DO NOT CONTACT") < text.index("+254700000001")


@pytest.mark.parametrize("asked", [True, False])
def test_a_narrative_is_read_with_its_reason_and_only_when_it_is_asked_for(service: type[Service], asked: bool) -> None:
    path = f"/v1/cases/{CASE['case_ref']}"
    told = {"narrative": WORDS, "attachments": []}
    service.answers = {path: CASE, f"{path}/report": REPORT, f"{path}/narrative": told}
    text = printed("case", "show", str(CASE["case_ref"]), "--reason", "safety_check", *(["--narrative"] if asked else []))
    assert (WORDS in text) is asked
    assert [each for each in service.asked if "narrative" in each] == ([f"{path}/narrative?reason=safety_check"] if asked else [])
    assert f"{path}/report?reason=safety_check" in service.asked


def test_flags_are_printed_before_what_happened(service: type[Service]) -> None:
    path = f"/v1/cases/{CASE['case_ref']}"
    service.answers = {path: CASE, f"{path}/report": {**REPORT, "flags": ["do_not_visit", "threat_to_staff"]}}
    text = printed("case", "show", str(CASE["case_ref"]))
    assert text.index("FLAGS: do_not_visit, threat_to_staff.") < text.index("An arrest goes on.")


@pytest.mark.parametrize(
    ("options", "owner", "shown"),
    [([], "local", "local owns it, since 2026-11-02."), (["--to", "juma"], "juma", "juma owns it, since 2026-11-02.")],
)
def test_a_case_is_taken_over_or_handed_over(service: type[Service], options: list[str], owner: str, shown: str) -> None:
    path = f"/v1/cases/{CASE['case_ref']}/owner"
    service.answers = {path: {**CASE, "owner": owner, "owned_since": "2026-11-02"}}
    assert printed("case", "own", str(CASE["case_ref"]), *options) == f"{CASE['case_ref']}: {shown}\n"
    assert json.loads(printed("case", "own", str(CASE["case_ref"]), *options, "--json"))["owner"] == owner
    assert service.sent == [(path, {"owner": owner})] * 2


def test_a_file_that_holds_no_key_is_named_before_anything_is_asked(service: type[Service], tmp_path: Path) -> None:
    Home(tmp_path).operator_key.write_text("lost\n")
    result = CliRunner().invoke(build(), ["case", "own", str(CASE["case_ref"])])
    assert isinstance(result.exception, Misconfigured)
    assert "lost" not in str(result.exception)
    assert service.sent == []


@pytest.mark.parametrize("owner", ["amina", "none"])
def test_cases_are_listed_by_their_owner(service: type[Service], owner: str) -> None:
    service.answers = {"/v1/cases": {"cases": [{**CASE, "owner": None if owner == "none" else owner}]}}
    text = printed("case", "list", "--owner", owner, "--state", "open")
    assert service.asked == [f"/v1/cases?limit=50&state=open&owner={owner}"]
    assert ("amina" in text) is (owner == "amina")


@pytest.mark.parametrize(
    ("owned", "shown"),
    [
        ({"owner": "amina", "owned_since": "2026-11-02"}, "amina owns it, since 2026-11-02."),
        ({"owner": None, "owned_since": None}, "No one owns it."),
    ],
)
def test_who_owns_a_case_is_shown_with_it(service: type[Service], owned: dict[str, Any], shown: str) -> None:
    path = f"/v1/cases/{CASE['case_ref']}"
    service.answers = {path: {**CASE, **owned}, f"{path}/report": REPORT}
    assert shown in printed("case", "show", str(CASE["case_ref"]))
