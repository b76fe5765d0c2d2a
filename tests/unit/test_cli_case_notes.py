"""The commands about notes and flags: words come from standard input or a file, and an interrupted act can be sent again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ngao.chassis.errors import InvalidInput, Misconfigured, Unavailable
from ngao.cli.app import build
from ngao.local.configuration import write_operator
from ngao.local.home import Home

pytestmark = pytest.mark.loopback

REF = "NG-4CJY0RRPKP"
WORDS = "Her sister answers the phone. \u0168\n"
RECEIPT = {"case_ref": REF, "number": 3, "author": "operator:amina", "at": "2026-11-01", "corrects": None, "duplicate": False}
NOTES = {
    "case_ref": REF, "forgotten": False,
    "notes": [
        {"number": 1, "at": "2026-11-01", "author": "operator:amina", "text": "In Thika.\x1b[2J", "corrects": None},
        {"number": 2, "at": "2026-11-02", "author": "operator:baraka", "text": "In Nakuru.", "corrects": 1},
    ],
}  # fmt: skip
FLAGS = {
    "case_ref": REF, "revision": 4, "notes": 2, "forgotten": False,
    "flags": [
        {"code": "do_not_visit", "label": {"en": "Do not visit", "sw": "Usimtembelee"}, "is_set": True,
         "changed_by": "operator:amina", "changed_at": "2026-11-01"},
        {"code": "old", "label": {}, "is_set": True, "changed_by": "operator:amina", "changed_at": "2026-11-01"},
    ],
}  # fmt: skip


class Intake(BaseHTTPRequestHandler):
    """Answers as intake does, and keeps what it was asked."""

    asked: list[tuple[str, str, Any]]
    notes: dict[str, Any]

    def do_GET(self) -> None:
        self._answer(self.notes if "/notes" in self.path else FLAGS)

    def do_POST(self) -> None:
        self._answer(RECEIPT)

    def do_PUT(self) -> None:
        self._answer(FLAGS)

    def _answer(self, content: Any) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, json.loads(sent) if sent else None))
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def intake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Intake]]:
    monkeypatch.setenv("NGAO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NGAO_OPERATOR_KEY_FILE", raising=False)
    home = Home(tmp_path / "home")
    home.make()
    write_operator(home)
    Intake.asked, Intake.notes = [], NOTES
    server = HTTPServer(("127.0.0.1", 0), Intake)
    monkeypatch.setenv("NGAO_URL_INTAKE", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Intake
    server.shutdown()
    thread.join()
    server.server_close()


def ngao(*arguments: str, words: str | bytes | None = None) -> Result:
    return CliRunner().invoke(build("case"), ["case", *arguments], input=words, env={"COLUMNS": "200"})


def printed(*arguments: str, words: str | bytes | None = None) -> str:
    result = ngao(*arguments, words=words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_the_words_come_from_standard_input_with_an_act_of_their_own(intake: type[Intake]) -> None:
    said = printed("note", REF, words=WORDS)
    ((method, path, body),) = intake.asked
    assert (method, path, body["text"]) == ("POST", f"/v1/cases/{REF}/notes", WORDS)
    assert UUID(body["act"])
    assert said == f"Saved as note 3 of {REF}.\n"
    printed("note", REF, words=WORDS)
    assert intake.asked[1][2]["act"] != body["act"]


def test_the_words_come_from_a_file_and_correct_a_note(intake: type[Intake], tmp_path: Path) -> None:
    (tmp_path / "words").write_text(WORDS, "utf-8")
    printed("note", REF, "--file", str(tmp_path / "words"), "--corrects", "2", "--act", "a" * 16)
    assert intake.asked == [("POST", f"/v1/cases/{REF}/notes", {"text": WORDS, "act": "a" * 16, "corrects": 2})]


def test_words_are_no_argument_and_the_help_says_why(intake: type[Intake]) -> None:
    assert ngao("note", REF, "She", "is", "in", "Thika.").exit_code == 2
    assert intake.asked == []
    said = " ".join(printed("note", "--help").split())
    assert "never an argument" in said
    assert "every user of the machine can see arguments" in said


def test_what_is_no_text_is_not_sent(intake: type[Intake], tmp_path: Path) -> None:
    assert isinstance(ngao("note", REF, words=b"\xff\xfe").exception, InvalidInput)
    assert isinstance(ngao("note", REF, "--file", str(tmp_path / "none")).exception, Misconfigured)
    assert intake.asked == []


def test_an_interrupted_act_is_printed_so_that_it_can_be_sent_again(intake: type[Intake]) -> None:
    nowhere = "http://127.0.0.1:9"
    error = ngao("note", REF, "--url", nowhere, "--act", "b" * 16, words=WORDS).exception
    assert isinstance(error, Unavailable)
    assert f"--act {'b' * 16}" in str(error)
    assert "sister" not in str(error)


def test_a_repeat_is_said_to_be_one(intake: type[Intake], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECEIPT, "duplicate", True)
    assert "saved by this act before" in printed("note", REF, words=WORDS)


def test_notes_are_printed_with_author_time_and_what_they_correct_and_rule_no_terminal(intake: type[Intake]) -> None:
    said = printed("notes", REF, "--reason", "safety_check")
    assert intake.asked[0][:2] == ("GET", f"/v1/cases/{REF}/notes?reason=safety_check")
    assert "Note 1, 2026-11-01, operator:amina\nIn Thika.\\u001b[2J\n" in said
    assert "Note 2, 2026-11-02, operator:baraka, corrects note 1\nIn Nakuru.\n" in said
    assert json.loads(printed("notes", REF, "--json")) == NOTES


@pytest.mark.parametrize(("changes", "says"), [
    ({"notes": []}, "no notes"), ({"notes": [], "forgotten": True}, "was erased"),
    ({"notes": [{name: value for name, value in NOTES["notes"][1].items() if name != "text"}]}, "Your role does not show it."),  # type: ignore[attr-defined,union-attr,index]
])  # fmt: skip
def test_what_there_is_not_is_said(intake: type[Intake], changes: dict[str, Any], says: str) -> None:
    intake.notes = {**NOTES, **changes}
    assert says in printed("notes", REF)


@pytest.mark.parametrize(("option", "is_set"), [((), True), (("--clear",), False)])
def test_a_flag_is_changed_with_the_revision_that_was_read(intake: type[Intake], option: tuple[str, ...], is_set: bool) -> None:
    said = printed("flag", REF, "do_not_visit", *option)
    path = f"/v1/cases/{REF}/flags"
    assert intake.asked == [
        ("GET", f"{path}?reason=case_work", None),
        ("PUT", path, {"flag": "do_not_visit", "is_set": is_set, "revision": 4}),
    ]
    assert said == f"{REF}: do_not_visit is {'set' if is_set else 'cleared'}.\n"


def test_flags_are_listed_with_their_meaning_and_the_number_of_notes(intake: type[Intake]) -> None:
    said = printed("flags", REF)
    assert "Do not visit" in said
    assert "not in flags.yaml any more" in said
    assert said.endswith("Notes: 2\n")
    assert json.loads(printed("flags", REF, "--json")) == FLAGS


def test_the_commands_about_cases_are_still_there() -> None:
    said = printed("--help")
    assert [name for name in ("list", "show", "urgency", "note", "notes", "flag", "flags") if name not in said] == []
