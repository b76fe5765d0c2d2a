"""A service starts whole or not at all: one sentence says what and where and the way out, and the exit code says which."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pymongo
import pytest

from ngao.chassis.messaging.accounts import service_account
from ngao.contracts import subscriptions_of
from ngao.testing.broker import management_of, provision
from ngao.testing.processes import ServiceProcess, World, free_port
from ngao.testing.waiting import eventually
from tests.support.relay import relayed

MISCONFIGURED, NOT_THERE = 78, 75
AT_ONCE_S = 40.0  # a whole start on a busy machine
WAIT_S = 2.0
SECRET = "never-to-be-shown-" + secrets.token_hex(8)


@dataclass
class Corner:
    """One copy of notify's settings, to be spoilt."""

    world: World
    file: Path
    port: int
    held: ExitStack = field(default_factory=ExitStack)

    def change(self, pattern: str, text: str) -> None:
        old = self.file.read_text()
        new, count = re.subn(pattern, text, old, count=1, flags=re.MULTILINE)
        assert count == 1, pattern
        self.file.write_text(new)

    def section(self, name: str, key: str, text: str) -> None:
        self.change(rf"(\[{name}\]\n(?:[^\[]*\n)?){key} = .*", rf"\g<1>{key} = {text}")


@pytest.fixture(scope="module")
def provisioned(world: World) -> World:
    provision(world, {"notify": subscriptions_of("notify")})
    return world


@pytest.fixture
def corner(provisioned: World) -> Iterator[Corner]:
    smtp = '[own.smtp]\nhost = "127.0.0.1"\nport = 1\nfrom = "desk@example.org"\ntls = "none"\n'
    settings, port = provisioned.settings("notify", own=smtp)
    text = settings.read_text().replace("[own]\n", f"[start]\nwithin_s = {WAIT_S}\n[own]\n")
    made = Corner(provisioned, settings.with_name(f"notify-{secrets.token_hex(3)}.toml"), port)
    made.file.write_text(text)
    with made.held:
        yield made


def run(corner: Corner, within: float = AT_ONCE_S) -> tuple[int, str]:
    """Start it, expect it to end by itself, and give exit code and complaint."""
    process = ServiceProcess(corner.file, corner.port).start(ready=False)
    try:
        code = process.wait(within + WAIT_S)
    except subprocess.TimeoutExpired:
        process.stop()
        raise AssertionError(f"it did not end: {process.log.read_text()[-2000:]}") from None
    said = process.log.read_text()
    assert SECRET not in said
    assert "Traceback" not in said
    complaints = [line for line in said.splitlines() if line.startswith("Cannot start: ")]
    assert len(complaints) == 1, said
    return code, said


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _secret(corner: Corner, name: str, content: str | None) -> str:
    path = corner.world.directory / f"{name}-{secrets.token_hex(3)}"
    if content is not None:
        path.write_text(content)
    return f'"{path.name}"'


def no_secret(corner: Corner) -> None:
    corner.section("broker", "password_file", _secret(corner, "gone", None))


def secret_that_cannot_be_read(corner: Corner) -> None:
    (corner.world.directory / "a-folder").mkdir(exist_ok=True)
    corner.section("broker", "password_file", '"a-folder"')


def empty_secret(corner: Corner) -> None:
    corner.section("broker", "password_file", _secret(corner, "empty", "\n"))


def no_keys(corner: Corner) -> None:
    corner.section("keys", "directory", '"keys/nobody"')


def key_open_to_others(corner: Corner) -> None:
    folder = corner.world.directory / "keys" / "open"
    folder.mkdir(exist_ok=True)
    for each in (corner.world.directory / "keys" / "notify").iterdir():
        (folder / each.name).write_bytes(each.read_bytes())
        (folder / each.name).chmod(0o644)
    corner.section("keys", "directory", '"keys/open"')


def no_operators(corner: Corner) -> None:
    corner.section("operators", "file", '"nobody.json"')


def unknown_setting(corner: Corner) -> None:
    corner.change(r"\[broker\]", "[broker]\ncolour = 1")


def policy_with_an_error(corner: Corner) -> None:
    own = corner.world.directory / "policy"
    own.mkdir(exist_ok=True)
    (own / "notifications.yaml").write_text("rules: 7\n")
    corner.section("policy", "directories", f'["{Path("deploy/policy").absolute()}", "policy"]')


def port_taken(corner: Corner) -> None:
    corner.held.enter_context(socket.create_server(("127.0.0.1", corner.port)))


def wrong_broker_password(corner: Corner) -> None:
    corner.section("broker", "password_file", _secret(corner, "wrong", SECRET))


def wrong_store_password(corner: Corner) -> None:
    name = corner.world.database("notify")
    with pymongo.MongoClient[dict[str, object]](corner.world.parts.mongo) as client:
        if not client[name].command("usersInfo", "svc-notify")["users"]:
            client[name].command("createUser", "svc-notify", pwd=secrets.token_hex(8), roles=["readWrite"])
    corner.change(r"^database = ", f'username = "svc-notify"\npassword_file = {_secret(corner, "wrong", SECRET)}\ndatabase = ')


def other_replica_set(corner: Corner) -> None:
    corner.change(r"^database = ", 'replica_set = "another"\ndatabase = ')


def broker_not_there(corner: Corner) -> None:
    corner.section("broker", "port", str(free_port()))


def broker_host_unknown(corner: Corner) -> None:
    corner.section("broker", "host", '"broker.invalid"')


def broker_too_old(corner: Corner) -> None:
    def older(content: bytes) -> bytes:
        return re.sub(rb"(versionS....)\d+\.(\d+)", lambda found: found[1] + b"3." + b"9".rjust(len(found[2]), b"0"), content)

    parts = corner.world.parts
    port = corner.held.enter_context(relayed((parts.amqp_host, parts.amqp_port), older))
    corner.section("broker", "port", str(port))


def store_not_there(corner: Corner) -> None:
    corner.section("store", "hosts", f'"127.0.0.1:{free_port()}"')


def no_virtual_host(corner: Corner) -> None:
    corner.section("broker", "vhost", '"nowhere"')


def no_queue(corner: Corner) -> None:
    management = management_of(corner.world)
    management.delete("queues", corner.world.vhost, "notify.dead")
    corner.held.callback(provision, corner.world, {"notify": subscriptions_of("notify")})
    corner.held.callback(management.close)


@pytest.mark.parametrize(
    ("spoil", "code", "says"),
    [
        (no_secret, MISCONFIGURED, r"secret file .*gone-\w+ cannot be read"),
        (secret_that_cannot_be_read, MISCONFIGURED, r"secret file .*a-folder cannot be read"),
        (empty_secret, MISCONFIGURED, r"secret file .*empty-\w+ is empty"),
        (no_keys, MISCONFIGURED, r"keys/nobody has no key-encryption key .*ngao keys init"),
        (key_open_to_others, MISCONFIGURED, r"keys/open/\S+ is open to other users .*chmod 600"),
        (no_operators, MISCONFIGURED, r"nobody\.json"),
        (unknown_setting, MISCONFIGURED, r"notify-\w+\.toml has errors: broker\.colour"),
        (policy_with_an_error, MISCONFIGURED, r"policy/notifications\.yaml has errors: rules"),
        (port_taken, MISCONFIGURED, r"Nothing can listen on 127\.0\.0\.1:\d+ .*http\.port"),
        (wrong_broker_password, MISCONFIGURED, r"broker at \S+ refuses .* password of \S+: is broker\.password_file"),
        (wrong_store_password, MISCONFIGURED, r"store at \S+ refuses .* password of svc-notify: is store\.password_file"),
        (other_replica_set, MISCONFIGURED, r"store at \S+ calls its replica set by another name than another: set store"),
        (broker_too_old, MISCONFIGURED, r"broker at \S+ is RabbitMQ 3\.0*9\S*; Ngao needs 3\.10 or later"),
        (broker_not_there, NOT_THERE, r"broker at \S+ does not answer \(Connection refused\)"),
        (broker_host_unknown, NOT_THERE, r"broker at broker\.invalid:\d+ does not answer \(its name is not known\)"),
        (store_not_there, NOT_THERE, r"store at \S+ does not answer \(Connection refused\)"),
        (no_virtual_host, NOT_THERE, r"no virtual host nowhere that is open to \S+: run `ngao provision`"),
        (no_queue, NOT_THERE, r"queue test-\w+/notify\.dead is missing: run `ngao provision`"),
    ],
)
def test_what_must_not_start_says_why_and_ends(corner: Corner, spoil: Callable[[Corner], None], code: int, says: str) -> None:
    spoil(corner)
    ended, said = run(corner)
    complaint = said.splitlines()[-1]
    assert re.search(rf"^Cannot start: .*{says}", complaint), complaint
    assert complaint.endswith((".", "?"))
    assert ended == code
    assert ("Waiting, at most 2 s in all: " in said) == (code == NOT_THERE)
    assert said.count("Waiting") <= 1
    assert spoil is port_taken or not is_listening(corner.port)


def test_it_waits_for_a_broker_that_comes_up_late(corner: Corner) -> None:
    corner.change(r"^within_s = .*", "within_s = 30.0")
    late = free_port()
    corner.section("broker", "port", str(late))
    process = ServiceProcess(corner.file, corner.port).start(ready=False)
    try:
        eventually(lambda: "Waiting, at most 30 s" in process.log.read_text(), what="it to say what it waits for")
        assert not is_listening(corner.port)
        parts = corner.world.parts
        with relayed((parts.amqp_host, parts.amqp_port), port=late):
            eventually(process.is_ready, what="the service to be ready")
            assert process.log.read_text().count("Waiting") == 1
            process.stop()
    finally:
        process.stop()


def test_a_wrong_password_is_not_waited_out(corner: Corner) -> None:
    corner.change(r"^within_s = .*", "within_s = 600.0")
    wrong_broker_password(corner)
    began = time.monotonic()
    assert run(corner)[0] == MISCONFIGURED
    assert time.monotonic() - began < AT_ONCE_S


def test_a_service_starts_with_its_own_account_only(corner: Corner) -> None:
    """Others know a service's events by its account: with another one each of them would be refused."""
    corner.section("broker", "username", f'"{service_account("nobody")}"')
    code, said = run(corner)
    assert code == MISCONFIGURED
    assert "broker.username must be svc-notify" in said
