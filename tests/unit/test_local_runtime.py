"""The embedded runtime's small parts: processes that are never confused, ports, settings."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured, NotAllowedNow, Unavailable
from ngao.chassis.settings import load
from ngao.deployment.polling import wait_until
from ngao.local import binaries, configuration, ports, processes
from ngao.local.home import REPOSITORY, Home
from ngao.local.platform import Platform, chosen_services
from ngao.local.processes import Process, Stat
from ngao.local.reaper import marked

pytestmark = pytest.mark.loopback

ENVIRONMENT = {"PATH": os.environ["PATH"]}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process("sleeper", tmp_path)
    yield made
    made.stop(1)


def start(process: Process, *command: str) -> None:
    process.start(command, log=process.directory / "log", environment=ENVIRONMENT, cwd=process.directory)


def test_a_started_process_is_known_and_stopped(process: Process) -> None:
    start(process, "sleep", "60")
    assert process.pid() is not None
    assert process.stop()
    assert process.pid() is None
    assert not process.stop()


def test_a_process_that_yields_has_a_third_of_the_weight_of_others(process: Process) -> None:
    process.start(["sleep", "60"], log=process.directory / "log", environment=ENVIRONMENT, cwd=process.directory, yields=True)
    pid = process.pid()
    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(os.getpriority(os.PRIO_PROCESS, 0) + 5, 19)
    group = Path(f"/proc/{pid}/autogroup")
    assert not group.exists() or group.read_text().endswith("nice 5\n")


def test_a_process_that_ignores_the_request_is_killed_with_all_its_children(process: Process) -> None:
    start(process, "sh", "-c", "trap '' TERM; sleep 61 & sleep 62; sleep 63")
    assert wait_until(lambda: len(process.members()) >= 3, 5)
    assert process.stop(patience_s=0.5)
    assert process.members() == []


def test_children_that_outlive_their_leader_are_still_found(process: Process) -> None:
    start(process, "sh", "-c", "sleep 64 & exit 0")
    assert wait_until(lambda: process.pid() is None, 5)
    assert len(process.members()) == 1
    assert process.stop()


def test_a_process_id_that_is_somebody_elses_now_is_left_alone(process: Process) -> None:
    start(process, "sleep", "65")
    line, boot = process.file.read_text().splitlines()
    fields = line.split()
    fields[21] = str(int(fields[21]) - 1)
    process.file.write_text(" ".join(fields) + "\n" + boot + "\n")
    known = Stat.parse(line)
    assert not process.stop()
    assert Path(f"/proc/{known.pid}").exists()
    process.file.write_text(line + "\n" + boot + "\n")


def test_a_process_of_an_earlier_boot_is_left_alone(process: Process) -> None:
    start(process, "sleep", "66")
    text = process.file.read_text()
    process.file.write_text(text.splitlines()[0] + "\nanother-boot\n")
    assert process.pid() is None
    assert process.members() == []
    process.file.write_text(text)


def test_a_program_name_with_brackets_is_read() -> None:
    line = "77 (a) b) (c) S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0"
    assert Stat.parse(line) == Stat(77, "S", 77, 4242)


def test_a_command_that_cannot_be_found_ends_and_is_seen_to_have_ended(process: Process) -> None:
    start(process, "/nowhere/program")
    assert wait_until(lambda: process.pid() is None, 5)


def test_a_process_that_cannot_write_down_who_it_is_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "wait_until", lambda found, _seconds: wait_until(found, 0.2))
    with pytest.raises(Unavailable):
        Process("x/y", tmp_path).start(["true"], log=tmp_path / "log", environment=ENVIRONMENT, cwd=tmp_path)


def test_free_ports_are_looked_for_in_the_range_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_PORTS", "23000-23009")
    assert {ports.free_port() for _ in range(30)} <= set(range(23000, 23010))


@pytest.mark.parametrize("text", ["23000", "23009-23000", "1-2", "23000-70000", "a-b"])
def test_a_range_of_ports_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_PORTS", text)
    with pytest.raises(Misconfigured, match="NGAO_PORTS"):
        ports.free_port()


def test_ports_come_from_the_environment_then_from_memory() -> None:
    chosen = ports.choose(["one", "two", "three"], {"one": 1001, "two": 1002}, {"NGAO_PORT_ONE": "2001"})
    assert chosen["one"] == 2001
    assert chosen["two"] == 1002
    assert 20000 <= chosen["three"] < 32000


@pytest.mark.parametrize("text", ["x", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="NGAO_PORT_ONE"):
        ports.choose(["one"], {}, {"NGAO_PORT_ONE": text})


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Misconfigured, match="NGAO_PORT_MONGO"):
            ports.require_free("mongo", other.getsockname()[1])


def test_two_commands_do_not_work_on_one_home_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.alone(), pytest.raises(NotAllowedNow), home.alone():
        pass


def test_the_second_command_waits_when_it_is_told_to_and_says_so(tmp_path: Path) -> None:
    home, told, waited = Home(tmp_path), [], threading.Event()

    def second() -> None:
        with home.alone(patience_s=20, progress=told.append):
            waited.set()

    thread = threading.Thread(target=second)
    with home.alone():
        thread.start()
        assert wait_until(lambda: told, 5)
        assert not waited.is_set()
    thread.join(10)
    assert waited.is_set()


def test_two_first_commands_choose_the_same_ports(tmp_path: Path) -> None:
    assert Platform.at(Home(tmp_path)).ports == Platform.at(Home(tmp_path)).ports
    assert Platform.at(Home(tmp_path)).status() == []


def test_what_a_killed_test_run_started_is_ended_with_it(tmp_path: Path) -> None:
    folder, run = tmp_path / "runtime", tmp_path / "run.py"
    folder.mkdir()
    run.write_text(
        "import os, signal, subprocess, sys\n"
        "from pathlib import Path\n"
        "from ngao.local.reaper import reaped\n"
        "with reaped(Path(sys.argv[1])) as mark:\n"
        "    subprocess.Popen(['/usr/bin/setsid', 'sleep', '67'], env={**os.environ, **mark})\n"
        "    sys.stdin.read()\n"
    )
    environment = {**ENVIRONMENT, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen([sys.executable, str(run), str(folder)], stdin=subprocess.PIPE, env=environment) as killed:
        assert wait_until(lambda: marked(folder), 10)
        killed.kill()
    assert wait_until(lambda: not marked(folder) and not folder.exists(), 20)


@pytest.mark.parametrize("text", [binaries.NO_STARTS, "#!/bin/sh\nexit 0\n", None])
def test_a_policy_against_service_starts_is_removed_when_it_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(binaries, "_POLICY", policy)
    if text is not None:
        policy.write_text(text)
    theirs = text not in {None, binaries.NO_STARTS}
    with binaries.no_service_starts():
        assert policy.read_text() == (text if theirs else binaries.NO_STARTS)
    assert policy.exists() == theirs


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    assert home.secret("one") == home.secret("one") != home.secret("two")
    assert stat.S_IMODE((home.secrets / "one").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o700


def test_written_settings_are_settings_that_a_service_reads(tmp_path: Path) -> None:
    home = Home(tmp_path / 'a "quoted" home')
    home.make()
    chosen = {name: 20000 + number for number, name in enumerate(("amqp", "mongo", "smtp", *configuration.SERVICES))}
    (home.config / "intake.own.toml").write_text('mine = "kept"\n')
    for service in configuration.SERVICES:
        home.secret(f"broker-{service}")
        home.secret(f"mongo-{service}")
    configuration.write_settings(home, chosen)
    intake = load(home.config / "intake.toml")
    assert intake.http.port == chosen["intake"]
    assert intake.broker.password == home.secret("broker-intake")
    assert intake.own == {"mine": "kept"}
    assert load(home.config / "notify.toml").own["smtp"]["port"] == chosen["smtp"]
    asked = load(home.config / "console.toml").own["services"]
    assert asked == {each: f"http://127.0.0.1:{chosen[each]}" for each in configuration.SERVICES if each != "console"}


def test_an_operators_own_settings_may_begin_with_the_heading_of_their_section(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    chosen = {name: 20000 + number for number, name in enumerate(("amqp", "mongo", "smtp", *configuration.SERVICES))}
    configuration.own_settings_file(home, "intake").write_text('# ours\n[own]\nmine = "kept"\n[own.more]\nnumber = 1\n')
    configuration.write_settings(home, chosen)
    assert tomllib.loads((home.config / "intake.toml").read_text("utf-8"))["own"] == {"mine": "kept", "more": {"number": 1}}


def test_settings_are_written_as_toml() -> None:
    sections = {"name": 'with "quotes" and \\', "table": {"number": 1, "list": ["a", "b"]}}
    assert tomllib.loads(configuration.to_toml(sections)) == sections


def test_the_operators_key_stays_and_other_operators_are_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    configuration.write_operator(home)
    key = home.operator_key.read_text()
    file = home.config / "operators.json"
    file.write_text(file.read_text().replace('"local"', '"amina"'))
    configuration.write_operator(home)
    assert home.operator_key.read_text() == key
    assert '"amina"' in file.read_text()
    assert '"local"' in file.read_text()


@pytest.mark.parametrize(
    ("text", "services"),
    [(None, configuration.SERVICES), ("", ()), ("notify, intake", ("intake", "notify"))],
)
def test_the_environment_chooses_services(monkeypatch: pytest.MonkeyPatch, text: str | None, services: tuple[str, ...]) -> None:
    monkeypatch.delenv("NGAO_SERVICES", raising=False)
    if text is not None:
        monkeypatch.setenv("NGAO_SERVICES", text)
    assert chosen_services() == services


def test_an_unknown_service_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_SERVICES", "bakery")
    with pytest.raises(Misconfigured, match="bakery"):
        chosen_services()


@pytest.fixture
def restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Platform, list[str]]:
    """A platform whose referral runs, and what was done to it. No part of it is a real process."""
    done: list[str] = []
    home = Home(tmp_path)
    home.make()
    monkeypatch.setenv("NGAO_SERVICES", "referral")
    monkeypatch.setattr(Platform, "_start_stores", lambda *_: done.append("stores"))
    monkeypatch.setattr(Platform, "_configure", lambda *_: done.append("provisioned"))
    monkeypatch.setattr(Platform, "_start_services", lambda *_: done.append("started"))
    monkeypatch.setattr(Process, "stop", lambda process: bool(done.append(f"{process.name} stopped")) or True)
    return Platform.at(home), done


def test_a_restart_stops_a_service_only_when_the_broker_is_prepared(restarted: tuple[Platform, list[str]]) -> None:
    platform, done = restarted
    platform.restart(lambda _line: None, ("referral",))
    assert done == ["stores", "provisioned", "referral stopped", "started"]


def test_a_restart_that_cannot_prepare_the_broker_stops_no_service_and_says_so(
    restarted: tuple[Platform, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, done = restarted
    monkeypatch.setattr(Platform, "_configure", failing("The broker does not answer."))
    with pytest.raises(Unavailable, match=r"^The broker does not answer\. No service was stopped\.$"):
        platform.restart(lambda _line: None, ("referral",))
    assert done == ["stores"]


def test_a_restart_that_fails_afterwards_names_the_service_that_is_stopped_and_how_to_start_it(
    restarted: tuple[Platform, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, _ = restarted
    monkeypatch.setattr(Platform, "_start_services", failing("Port 1 is taken."))
    with pytest.raises(Unavailable, match=r"^Port 1 is taken\. Stopped: referral\. Run `ngao up` to start it\.$"):
        platform.restart(lambda _line: None, ("referral",))


def failing(why: str) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise Unavailable(why)

    return fail
