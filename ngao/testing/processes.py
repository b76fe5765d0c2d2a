"""A service as the operator runs it: its own process, its own settings file."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.signatures import Signer
from ngao.chassis.security.identity import new_key
from ngao.contracts import Event, type_named
from ngao.deployment import first_keys
from ngao.deployment.naming import AT_EDGE, SERVICES
from ngao.kernel.scopes import SCOPES
from ngao.local.ports import free_port
from ngao.testing.addresses import addresses
from ngao.testing.vouching import Onboarding
from ngao.testing.waiting import eventually
from ngao.testing.warmed import Warmed, WarmedProcess

ROOT = Path(__file__).resolve().parents[2]
WARMED = Warmed(ROOT)
PERIOD = "2026-11"


class World:
    """One test's own corner of the real parts: two virtual hosts, databases, keys, an operator's key."""

    def __init__(self, directory: Path, name: str, tiers_s: tuple[int, ...] = (1, 1)) -> None:
        self.directory = directory
        self.approvals = "single"  # a test of two operators says "two"
        self.held_too_long_s = 60.0  # a test of readiness sets less
        self.burst = 2000  # requests of one caller at the same time; a test of what requests cost sets fewer
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        self.name = name
        self.vhost, self.edge_vhost = f"test-{name}", f"test-{name}.edge"
        self.tiers_s = tiers_s
        self.connections: dict[Hashable, Any] = {}  # to the broker, kept by `Line`
        self.ports: list[int] = []  # chosen, perhaps not listened at yet
        self.operator_key, hashed = new_key("operator", "tester")
        self.parts = addresses()
        user, password = self.parts.account
        self.user = user
        (directory / "broker.password").write_text(password)
        for service in SERVICES:
            (directory / f"{service}.password").write_text(self.password(service))
        operators = {"operators": [{"id": "tester", "hash": hashed, "scopes": list(SCOPES)}]}
        (directory / "operators.json").write_text(json.dumps(operators))
        for service in SERVICES:
            first_keys.init_signing_pair(directory / "keys" / service, directory / "keys" / "public", PERIOD, service)
        first_keys.init_staff_pair(directory / "keys" / "console", directory / "keys" / "public", PERIOD)
        self.edge_names = EdgeNames(secrets.token_urlsafe(32))
        for service in AT_EDGE:
            first_keys.init_edge_names(directory / "keys" / service, self.edge_names.secret)
        self.onboarding = Onboarding().trust_in(*(directory / "keys" / service for service in ("registry", "intake")))
        for recipient in ("registry", "intake", "notify"):
            first_keys.init_sealing_pair(directory / "keys" / recipient, directory / "keys" / "public", PERIOD, owner=recipient)

    def signed(self, event: Event) -> bytes:
        """Encode and sign an event as the service that owns its type does."""
        owner = type_named(event.type).owner
        return Signer(self.directory / "keys" / owner, self.directory / "keys" / "public").encode(event)

    def database(self, service: str) -> str:
        """Name the database of a service."""
        return f"test_{self.name}_{service}"

    def password(self, service: str) -> str:
        """Return a service's broker password. All virtual hosts share the accounts, so parallel runs must agree on it."""
        return hashlib.sha256(f"{self.parts.account[1]}/{service}".encode()).hexdigest()

    def settings(self, service: str, own: str = "", policy: tuple[Path, ...] = ()) -> tuple[Path, int]:
        """Write a service's settings; return the file and the port it will listen on."""
        first_keys.init_service_keys(self.directory / "keys" / service, PERIOD)
        self.ports.append(port := free_port(self.ports))
        # Passkeys are for a name, not a number.
        called = f'public_url = "http://localhost:{port}"' if service == "console" else ""
        policies = json.dumps([str(ROOT / "deploy" / "policy"), *(str(each) for each in policy)])
        text = f"""
service = "{service}"
[http]
port = {port}
{called}
rate_per_second = 2000.0
burst = {self.burst}
[broker]
host = "{self.parts.amqp_host}"
port = {self.parts.amqp_port}
username = "{service_account(service)}"
password_file = "{service}.password"
vhost = "{self.vhost}"
edge_vhost = "{self.edge_vhost}"
held_too_long_s = {self.held_too_long_s}
[store]
hosts = "{self.parts.mongo_hosts}"
database = "{self.database(service)}"
timeout_ms = 3000
[keys]
directory = "keys/{service}"
public_directory = "keys/public"
[policy]
directories = {policies}
[operators]
file = "operators.json"
[approvals]
mode = "{self.approvals}"
[audit]
chained_within_s = 0.1
[retry]
tiers_s = {list(self.tiers_s)}
[own]
{own}
"""
        file = self.directory / f"{service}.toml"
        file.write_text(text)
        return file, port


class ServiceProcess:
    """Starts and ends one service; its log is kept for the tests that search it."""

    def __init__(self, settings: Path, port: int, module: str = "ngao.run") -> None:
        self.settings, self.port, self.module = settings, port, module
        self.log = settings.with_suffix(".log")
        self.process: WarmedProcess | None = None
        self.answers: list[bytes] | None = None  # a test that wants to search all answers puts a list here

    def start(self, *, ready: bool = True) -> ServiceProcess:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = WARMED.start(self.module, [str(self.settings)], log, {"TMPDIR": str(self.settings.with_name("tmp"))})
        if ready:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Wait at most a minute and a half. Raises AssertionError when it has ended, or is not ready by then."""
        eventually(self.is_ready, within=90, what=f"{self.module} to be ready; see {self.log}")

    def is_ready(self) -> bool:
        """Ask it. Raises AssertionError with the end of its log when the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"the service ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def request(self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str) -> tuple[int, Any]:
        """Send one HTTP request; a dict body is sent as JSON, bytes as they are."""
        connection = self._connection()
        try:
            sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
            if key:
                sent["Authorization"] = f"Bearer {key}"
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            content = response.read()
            if self.answers is not None:
                self.answers.append(repr(response.getheaders()).encode() + content)
            return response.status, json.loads(content) if "json" in (response.getheader("Content-Type") or "") else content
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def signal(self, number: int) -> None:
        """Send a signal, if it was started."""
        if self.process is not None:
            self.process.send_signal(number)

    def processor_s(self) -> float:
        """Return the seconds of processor time it has used, which do not depend on how busy the machine is."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, proc(5)

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def has_ended(self) -> bool:
        """Return whether the process is no more, or was never started."""
        return not self.is_running()

    def is_stopped(self) -> bool:
        """Return whether it is stopped by SIGSTOP."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def wait(self, within: float = 40.0) -> int:
        """Wait for its end and return its exit code. Raises subprocess.TimeoutExpired."""
        assert self.process is not None
        return self.process.wait(within)

    def stop(self) -> None:
        """End it, even when it is stopped by SIGSTOP or does not react."""
        stop_all([self])

    def ask_to_end(self) -> bool:
        """Send it what ends it; returns False if it has ended already."""
        if not self.is_running():
            return False
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return True

    def wait_for_its_end(self) -> None:
        """Wait until it has ended; kill it if that takes too long."""
        try:
            self.wait(20)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.wait(10)


def start_all(processes: Iterable[ServiceProcess]) -> None:
    """Start services, all at the same time, and wait until they are ready."""
    started = [each.start(ready=False) for each in processes]
    for each in started:
        each.wait_until_ready()


def stop_all(processes: Iterable[ServiceProcess]) -> None:
    """End services, all at the same time."""
    for each in [each for each in processes if each.ask_to_end()]:
        each.wait_for_its_end()
