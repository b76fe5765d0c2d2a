"""Checks in order: the first failure is the cause, a doubt is no failure, and every finding is a sentence with a way out."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.deployment.authority import CERTIFICATE_DAYS, Authority
from ngao.deployment.checks.runner import Check, CheckResult, CheckWarning, State, perform
from ngao.deployment.checks.runtime import disk, free_ports, judge_clock, ready
from ngao.deployment.checks.secrets import SecretsCheck, look_at_certificate
from ngao.deployment.environment import TLS, write_operator
from ngao.deployment.secrets_folder import SecretsFolder

pytestmark = pytest.mark.loopback

NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


def failing(sentence: str = "It is broken: mend it.") -> str:
    raise Misconfigured(sentence)


def doubting() -> str:
    raise CheckWarning("It will break: mend it soon.")


def states(findings: list[CheckResult]) -> list[State]:
    return [each.state for each in findings]


def test_what_needs_a_failed_check_is_not_looked_at() -> None:
    asked: list[str] = []
    checks = [
        Check("one", lambda: "good"),
        Check("two", failing, ("one",)),
        Check("three", lambda: asked.append("three") or "", ("two",)),
        Check("four", lambda: asked.append("four") or "", ("three",)),
        Check("five", doubting, ("one",)),
        Check("six", lambda: "good", ("five",)),
    ]
    told: list[CheckResult] = []
    found = perform(checks, told.append)
    assert states(found) == [State.OK, State.FAILED, State.SKIPPED, State.SKIPPED, State.WARNING, State.OK]
    assert told == found
    assert asked == []
    assert found[2].says == "because of: two"


def test_what_the_system_refuses_is_a_finding_too() -> None:
    (found,) = perform([Check("file", lambda: Path("/nowhere/at-all").read_text())])
    assert (found.state, found.says) == (State.FAILED, "The system refuses: No such file or directory (/nowhere/at-all).")


@pytest.fixture
def folder(made: SecretsFolder, tmp_path: Path) -> SecretsFolder:
    write_operator(made, tmp_path / ".env", (), TLS)
    return made


def look(folder: SecretsFolder) -> list[CheckResult]:
    """As in a container: whose the files are is the host's business, and this test's user need not be root."""
    return perform(SecretsCheck(folder, tls=True, whole=False).checks())


def first_failure(folder: SecretsFolder) -> str:
    return next(each.says for each in look(folder) if each.state is State.FAILED)


def test_a_folder_as_it_was_made_is_sound(folder: SecretsFolder) -> None:
    found = look(folder)
    assert {each.state for each in found} == {State.OK}
    named = {each.what for each in found}
    assert {"secrets folder", "secrets of ca", "secrets of intake-store", "certificate of broker", "passwords agree"} <= named


def test_no_folder_and_an_empty_one_say_how_to_make_it(tmp_path: Path) -> None:
    for root in (tmp_path / "none", tmp_path):
        found = perform(SecretsCheck(SecretsFolder(root), tls=True, whole=False).checks())
        assert states(found) == [State.FAILED]
        assert found[0].says == f"There are no secrets in {root} yet: run `bin/ngao secrets init` first."


@pytest.mark.parametrize(
    ("room", "name", "says"),
    [
        ("intake", "broker.password", r"intake/broker\.password is missing: run `bin/ngao secrets init`"),
        ("intake", "keys/lookup.key", r"intake/keys/lookup\.key is missing: .* or bring your copy back"),
        ("registry", "keys/sealing-*.key", r"registry/keys/sealing-\*\.key is missing"),
        ("notify-store", "tls/both.pem", r"notify-store/tls/both\.pem is missing"),
        ("provision", "keyfile-referral", r"provision/keyfile-referral is missing"),
        ("public", "ca.pem", r"public/ca\.pem is missing"),
    ],
)
def test_a_missing_file_is_named(folder: SecretsFolder, room: str, name: str, says: str) -> None:
    for path in folder.at(room).glob(name):
        path.unlink()
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(first_failure(folder))


def test_a_file_that_others_may_read_is_named(folder: SecretsFolder) -> None:
    folder.at("notify", "store.password").chmod(0o644)
    assert "notify/store.password is open to other users (mode 644)" in first_failure(folder)


def test_an_empty_file_is_named(folder: SecretsFolder) -> None:
    path = folder.at("broker", "definitions.json")
    path.chmod(0o600)
    path.write_text("")
    assert f"{path} is empty" in first_failure(folder)


def test_a_room_that_was_mounted_before_there_were_secrets_is_told(folder: SecretsFolder) -> None:
    """The engine makes an empty folder where a mount has none."""
    for path in sorted(folder.at("intake").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert first_failure(folder) == f"There is nothing in {folder.at('intake')} yet: run `bin/ngao secrets init` first."


def test_passwords_that_differ_are_named_and_not_shown(folder: SecretsFolder) -> None:
    folder.write("another-one", "intake", "store.password")
    said = first_failure(folder)
    assert "intake/store.password" in said
    assert "provision/store-intake hold different passwords" in said
    assert "another-one" not in said


def test_a_certificate_of_another_authority_is_refused(folder: SecretsFolder) -> None:
    folder.write_pair(Authority.new().server("intake", ("intake",)), "intake")
    assert "tls/cert.pem is of no authority in" in first_failure(folder)


@pytest.mark.parametrize(
    ("days", "kind", "says"),
    [
        (0, None, "counts until"),
        (CERTIFICATE_DAYS - 40, None, "counts until"),
        (CERTIFICATE_DAYS - 20, CheckWarning, "runs out on"),
        (CERTIFICATE_DAYS + 1, Misconfigured, "ran out on"),
        (-10, Misconfigured, "is the clock here right"),
    ],
)
def test_a_certificate_is_good_for_a_while(tmp_path: Path, days: int, kind: type[Exception] | None, says: str) -> None:
    authority = Authority.new()
    (tmp_path / "ca.pem").write_text(Authority.new().certificate_pem + authority.certificate_pem)
    (tmp_path / "cert.pem").write_text(authority.server("x", ("localhost",)).certificate)
    later = datetime.now(UTC) + timedelta(days=days)
    if kind is None:
        assert says in look_at_certificate(tmp_path / "cert.pem", tmp_path / "ca.pem", later)
        return
    with pytest.raises(kind, match=says):
        look_at_certificate(tmp_path / "cert.pem", tmp_path / "ca.pem", later)


def test_what_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    with pytest.raises(Misconfigured, match=r"cert\.pem holds no certificate in PEM"):
        look_at_certificate(tmp_path / "cert.pem", tmp_path / "cert.pem")


@pytest.mark.parametrize(
    ("seconds", "kind"), [(0, None), (1.5, None), (-1.5, None), (3, CheckWarning), (-3, CheckWarning), (31, Misconfigured)]
)
def test_clocks_that_run_apart_are_told(seconds: float, kind: type[Exception] | None) -> None:
    theirs = NOW + timedelta(seconds=seconds)
    if kind is None:
        assert "s apart" in judge_clock("the broker", theirs, now=NOW)
        return
    with pytest.raises(kind, match=r"The clock of the broker and of this machine are .* s apart"):
        judge_clock("the broker", theirs, now=NOW)


def test_a_port_that_is_taken_is_named_with_its_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (found,) = perform(free_ports({"NGAO_PORT_EDGE_AMQP": ("127.0.0.1", port)}))
    assert found.state is State.FAILED
    assert f"127.0.0.1:{port}" in found.says
    assert found.says.endswith("set NGAO_PORT_EDGE_AMQP to a free port.")


def test_a_service_that_does_not_answer_is_named() -> None:
    (found,) = perform(ready({"intake": "http://127.0.0.1:1"}, None))
    assert (found.state, found.what) == (State.FAILED, "intake is ready")
    assert found.says.startswith("intake does not answer at http://127.0.0.1:1")


def test_room_on_the_disk_is_told(tmp_path: Path) -> None:
    (found,) = perform([disk(tmp_path)])
    assert "GiB" in found.says
