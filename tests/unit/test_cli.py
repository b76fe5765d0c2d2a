"""The commands: what they print, and that an error is one sentence and an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli import develop, output
from ngao.cli.api_client import Refused, operator
from ngao.cli.app import COMMANDS, GROUPS, build, main
from ngao.cli.parked import parse_time
from ngao.local.configuration import write_operator
from ngao.local.home import REPOSITORY, Home
from tests.support.launcher import borrowed

pytestmark = pytest.mark.loopback

HELD = {
    "quarantine_id": "held", "source_id": "form", "state": "waiting", "reason": "no-json", "left_out": [], "size": 5, "times": 1,
    "first_posted_at": "2026-11-01", "posted_at": "2026-11-01",
}  # fmt: skip


class Service(BaseHTTPRequestHandler):
    """Answers one list, and refuses everything else as a service does."""

    seen: list[tuple[str, str, str | None]]
    orders: list[dict[str, str]]

    def do_GET(self) -> None:
        self._seen()
        if self.path.startswith("/v1/parked?"):
            entry = {"id": "one", "queue": "q", "reason": "undecodable", "attempts": 3, "parked_at": "2026-11-01"}
            self._answer(200, {"parked": [entry]})
        elif self.path.startswith("/v1/quarantine?"):
            self._answer(200, {"quarantine": [HELD]})
        elif self.path == "/v1/quarantine/held":
            self._answer(200, HELD)
        elif self.path == "/v1/quarantine/held/original?reason=case_work":
            self._answer(200, {"quarantine_id": "held", "encoding": "base64", "body": "bWFyaRtbMkrDqek="})
        else:
            self._answer(404, {"title": "Not found", "status": 404, "detail": "There is no such parked message."})

    def do_POST(self) -> None:
        body = self._seen()
        if self.path == "/v1/outbox/replay":
            self.orders.append(json.loads(body))
            self._answer(200, {"replayed": 20, "more": len(self.orders) < 3, "before": "2026-03-02T00:00:00+00:00"})
            return
        error = {"pointer": "/reason", "code": "length", "detail": "Too short."}
        self._answer(422, {"detail": "The body breaks its schema.", "errors": [error]})

    def do_PUT(self) -> None:
        self._seen()
        self.send_response(502)
        self.end_headers()

    def _seen(self) -> bytes:
        self.seen.append((self.command, self.path, self.headers["Authorization"]))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("NGAO_HOME", str(tmp_path))
    for name in ("NGAO_URL_INTAKE", "NGAO_OPERATOR_KEY_FILE", "NGAO_BROKER_MANAGEMENT"):
        monkeypatch.delenv(name, raising=False)
    made = Home(tmp_path)
    made.make()
    return made


@pytest.fixture
def service(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    write_operator(home)
    Service.seen, Service.orders = [], []
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("NGAO_URL_INTAKE", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def ngao(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ngao", *arguments])
    with pytest.raises(SystemExit) as exit_:
        main()
    return int(exit_.value.code or 0)


def groups(command: typer.Typer, *names: str) -> Iterator[list[str]]:
    yield list(names)
    for each in command.registered_groups:
        assert each.typer_instance is not None
        yield from groups(each.typer_instance, *names, *([each.name] if isinstance(each.name, str) else []))
    for each_command in command.registered_commands:
        name = each_command.name or each_command.callback.__name__  # type: ignore[union-attr]
        yield [*names, name.replace("_", "-")]


@pytest.mark.parametrize("names", [pytest.param(each, id=" ".join(each) or "ngao") for each in groups(build())])
def test_every_command_teaches_itself(
    names: list[str], home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ngao(monkeypatch, *names, "--help") == 0
    assert "Usage" in capsys.readouterr().out


def test_a_command_is_found_in_the_module_that_has_it() -> None:
    for names in COMMANDS.values():
        assert {tuple(each) for each in groups(build(names[0])) if each} == {(name,) for name in names}
    for name in GROUPS:
        assert {each[0] for each in groups(build(name)) if each} == {name}


def test_parked_messages_are_listed_with_the_operators_key(
    service: HTTPServer, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ngao(monkeypatch, "parked", "list", "--service", "intake", "--limit", "5", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["service"], row["id"]) == ("intake", "one")
    key = (home.secrets / "operator.key").read_text().strip()
    assert Service.seen == [("GET", "/v1/parked?limit=5", f"Bearer {key}")]


@pytest.mark.usefixtures("service")
def test_a_body_in_quarantine_is_opened_only_for_a_reason_and_shown_whatever_its_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ngao(monkeypatch, "quarantine", "list") == 0
    assert "no-json" in capsys.readouterr().out
    assert ngao(monkeypatch, "quarantine", "show", "held") == 0
    assert not any("original" in path for _, path, _ in Service.seen)
    assert ngao(monkeypatch, "quarantine", "show", "held", "--reason", "case_work") == 0
    shown = capsys.readouterr().out
    assert "mari\\u001b[2J" in shown, "what somebody posted gives the terminal no orders"
    assert "\x1b" not in shown
    assert ngao(monkeypatch, "quarantine", "show", "held", "--reason", "case_work", "--json") == 0
    assert json.loads(capsys.readouterr().out)["original"]["encoding"] == "base64"
    assert ngao(monkeypatch, "quarantine", "dismiss", "held", "--reason", "x") == 1


def test_a_table_in_a_pipe_is_not_cut(
    service: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ngao(monkeypatch, "parked", "list", "intake") == 0
    assert "undecodable" in capsys.readouterr().out


def test_a_refusal_is_told_in_a_sentence_that_names_the_field(
    service: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ngao(monkeypatch, "parked", "drop", "intake", "one", "--reason", "x") == 1
    assert capsys.readouterr().err == "ngao: refused with 422: The body breaks its schema. (/reason: Too short.)\n"


def test_a_replay_goes_on_until_nothing_is_left_and_not_beyond_its_own_beginning(
    service: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    since = ("--since", "2026-03-01T08:00Z", "--reason", "disk lost", "--to", "events", "--service", "intake")
    assert ngao(monkeypatch, "outbox", "replay", *since, "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"service": "intake", "replayed": 60}]
    first, *others = Service.orders
    assert first == {"since": "2026-03-01T08:00:00+00:00", "reason": "disk lost", "to": "events"}
    assert others == [{**first, "before": "2026-03-02T00:00:00+00:00"}] * 2


@pytest.mark.parametrize("text", ["yesterday", "2", "2w", "", "2026-13-01", "-2h"])
def test_a_moment_that_is_none_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Misconfigured, match="--since must be like 90m, 6h or 2d"):
        parse_time(text)


def test_a_moment_is_so_long_ago_or_a_date_in_utc() -> None:
    found = parse_time("90m")
    assert timedelta(minutes=90) <= datetime.now(UTC) - found < timedelta(minutes=91)
    assert parse_time("2026-03-01T08:00") == parse_time("2026-03-01T08:00Z") == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_an_id_cannot_leave_its_place_in_the_path(service: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ngao(monkeypatch, "parked", "show", "intake", "../outbox") == 1
    assert Service.seen[0][1] == "/v1/parked/..%2Foutbox"


def test_an_answer_that_is_no_problem_document_is_told_all_the_same(service: HTTPServer) -> None:
    with pytest.raises(Refused, match="502"):
        operator("intake").put("/v1/x", {})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("parked", "list", "--service", "intake"), "Run `ngao up`"),
        (("parked", "list", "--service", "bakery"), "intake, referral, notify, registry, console"),
        (("provision",), "NGAO_BROKER_MANAGEMENT"),
        (("source", "add", "Not An Id"), "lower-case"),
        (("logs", "intake"), "No log at"),
        (("run", "no-such-program"), "no program"),
    ],
)
def test_an_error_is_one_sentence_with_the_way_out(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert ngao(monkeypatch, *arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("ngao: ")
    assert says in said
    assert said.count("\n") == 1


def test_nothing_set_up_is_said_and_nothing_is_made_up(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ngao(monkeypatch, "status") == 1
    assert "ngao up" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["[]", "{name: x}", "{id: ../x}", "{id: [", "just words"])
def test_a_partner_file_that_is_none_is_refused_before_anything_is_called(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    file = tmp_path / "partner.yaml"
    file.write_text(content)
    monkeypatch.setenv("NGAO_BROKER_MANAGEMENT", "http://127.0.0.1:1")
    home.secret("broker-admin")
    assert ngao(monkeypatch, "partner", "add", str(file)) == 1
    assert "127.0.0.1:1" not in capsys.readouterr().err


def test_a_policy_file_that_is_no_yaml_is_named_with_its_line(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "rules.yaml").write_text("a: 1\nb: [\n")
    assert ngao(monkeypatch, "policy", "check", str(tmp_path)) == 1
    assert "rules.yaml" in capsys.readouterr().err


def test_the_launcher_refuses_a_folder_it_did_not_make(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "precious").write_text("kept")
    environment = {"PATH": "/usr/bin:/bin", "NGAO_VENV": str(folder), "NGAO_PYTHON": sys.executable}
    done = subprocess.run([REPOSITORY / "bin" / "ngao"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "was not made by this launcher" in done.stderr
    assert (folder / "precious").read_text() == "kept"


def test_the_launcher_needs_no_python_of_the_machine_once_its_environment_is_that_of_the_lock_file(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", **borrowed(tmp_path), "NGAO_PYTHON": str(tmp_path / "none")}
    launcher = [REPOSITORY / "bin" / "ngao", "policy", "--help"]
    traced = subprocess.run(["/bin/sh", "-x", *launcher], env=environment, capture_output=True, text=True, check=False)
    assert traced.returncode == 0
    assert "environment.py" not in traced.stderr


def test_each_check_that_fails_is_named_and_all_are_heard(capsys: pytest.CaptureFixture[str]) -> None:
    failing = ["python", "-c", "print('a line is too long'); raise SystemExit(1)"]
    assert develop._failed_checks([("style", failing), ("types", ["python", "-c", "print('no issues')"])]) == ["style"]
    assert capsys.readouterr().out.splitlines() == ["--- style", "a line is too long", "--- types", "no issues"]


def test_the_locks_name_no_place_of_the_machine_they_were_made_on() -> None:
    for name in ("requirements.lock", "requirements-runtime.lock"):
        lines = (REPOSITORY / name).read_text().splitlines()
        assert not [line for line in lines if line.startswith("-") or "://" in line or "file:/" in line]
        pinned = [line for line in lines if "==" in line and not line.startswith("#")]
        assert all(line.endswith(" \\") for line in pinned), "each package is followed by its hashes"


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\r", "\x7f", "\x9b", "\u202e", "\u2066"])
def test_a_sign_that_a_terminal_obeys_is_shown_and_not_sent(sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.show_json({"text": f"before{sign}after"})
    assert json.loads(capsys.readouterr().out) == {"text": f"before{sign}after"}, "it is still the same JSON"
    output.show_json({"text": f"before{sign}after"})
    output.show([{"text": f"before{sign}after"}], ("text",), as_json=False, none="")
    output.echo(f"before{sign}after")
    output.print_error(f"before{sign}after")
    written = capsys.readouterr()
    assert sign not in written.out + written.err
    assert (written.out + written.err).count("before\\") == 4


@pytest.mark.parametrize("names", [("parked", "list"), ("outbox", "status"), ("approval", "list"), ("keys", "rewrap")])
def test_a_service_without_its_option_is_understood_for_one_more_version(
    service: HTTPServer, home: Home, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    ngao(monkeypatch, *names, "intake")
    positional, Service.seen = Service.seen, []
    ngao(monkeypatch, *names, "--service", "intake")
    assert positional == Service.seen != []


@pytest.mark.parametrize(("old", "new"), [(("describe",), ("events", "list"))])
def test_a_renamed_command_answers_to_its_old_name_for_one_more_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], old: tuple[str, ...], new: tuple[str, ...]
) -> None:
    assert ngao(monkeypatch, *new, "--json") == 0
    listed = capsys.readouterr().out
    assert ngao(monkeypatch, *old, "--json") == 0
    assert capsys.readouterr().out == listed
