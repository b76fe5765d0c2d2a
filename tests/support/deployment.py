"""A deployment without containers: the secrets of `ngao secrets init`, and deploy/wire/tls/ on plain processes.

One broker and one store for all services; addresses and folders in the committed files are the only thing that is changed.
"""

from __future__ import annotations

import http.client
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika
from pymongo import MongoClient

from ngao.broker.management import Management
from ngao.chassis.messaging.accounts import service_account
from ngao.deployment.atomic_files import merge_variables
from ngao.deployment.authority import Issued
from ngao.deployment.environment import TLS, write_operator
from ngao.deployment.init_secrets import make
from ngao.deployment.naming import ADMINISTRATOR, VHOST, database_of
from ngao.deployment.secrets_folder import SecretsFolder
from ngao.local import binaries
from ngao.local.broker import LocalBroker
from ngao.local.home import Home
from ngao.local.ports import choose, free_port
from ngao.local.processes import Process
from ngao.testing.processes import ROOT, ServiceProcess
from ngao.testing.waiting import eventually
from tests.support.secrets_folder import Given

WIRE = ROOT / "deploy" / "wire" / "tls"
RUNNING = ("intake", "registry")
_PARTS = ("amqp", "management", "distribution", "epmd", "metrics", "mongo", *RUNNING)


@dataclass(frozen=True)
class TlsBroker(LocalBroker):
    """The broker with the configuration that compose mounts."""

    secrets: SecretsFolder

    def management(self) -> Management:
        """As its administrator."""
        url, ca = f"https://localhost:{self.ports['management']}", str(self.secrets.at("public", "ca.pem"))
        return Management(url, ADMINISTRATOR, self.secrets.read("operator", "broker-admin.password"), ca_file=ca)

    def forget_files(self) -> None:
        """Erlang keeps what it read of certificate files for two minutes; a test does not wait for them."""
        program = binaries.rabbitmq_server(print).with_name("rabbitmqctl")
        command = [str(program), "--quiet", "eval", "ssl:clear_pem_cache()."]
        subprocess.run(command, check=True, env=self._environment(), cwd=self.home.rabbitmq, timeout=60, capture_output=True)

    def _configure(self) -> None:
        text = moved((WIRE / "rabbitmq.conf").read_text(), self.secrets, "broker")
        for known, own in (
            ("listeners.ssl.default = 5671", f"listeners.ssl.default = 127.0.0.1:{self.ports['amqp']}"),
            ("management.ssl.port = 15671", f"management.ssl.ip = 127.0.0.1\nmanagement.ssl.port = {self.ports['management']}"),
            ("prometheus.ssl.port = 15691", f"prometheus.ssl.ip = 127.0.0.1\nprometheus.ssl.port = {self.ports['metrics']}"),
            ("disk_free_limit.absolute = 1GB", "disk_free_limit.absolute = 200MB"),
        ):
            assert known in text, known
            text = text.replace(known, own)
        (self.home.rabbitmq / "rabbitmq.conf").write_text(text)
        (self.home.rabbitmq / "enabled_plugins").write_text((ROOT / "deploy" / "broker" / "enabled_plugins").read_text())


class TlsService(ServiceProcess):
    """A service that is spoken to in TLS."""

    trusted: ssl.SSLContext

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection("localhost", self.port, timeout=30, context=self.trusted)


@dataclass
class Deployment:
    """The secrets, what they are for, and the commands as an operator gives them."""

    folder: Path
    secrets: SecretsFolder = field(init=False)
    services: dict[str, TlsService] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.secrets = SecretsFolder(self.folder / "secrets", Given())
        self.ports = choose(_PARTS, {}, {})
        self.home = Home(self.folder / "home")
        self.home.make()
        self.broker = TlsBroker(self.home, self.ports, self.secrets)
        self.mongod = Process("mongod", self.home.run)
        self.store_host = f"localhost:{self.ports['mongo']}"

    @property
    def ca_file(self) -> Path:
        """Whom everybody trusts."""
        return self.secrets.at("public", "ca.pem")

    def start(self) -> None:
        """Make the secrets, start broker and store, set them up, start the services."""
        make(self.secrets)
        for service in RUNNING:  # one store stands for all
            self.secrets.write(self.secrets.read("intake-store", "keyfile"), "provision", f"keyfile-{service}")
        self._write_variables()
        self.broker.start(binaries.rabbitmq_server(print))
        self.start_store()
        self.broker.wait()
        self.command("provision")
        for service in RUNNING:
            self.services[service] = self.service(service)
            self.services[service].start(ready=False)
        for process in self.services.values():
            eventually(process.is_ready, within=90, what=f"a service to be ready; see {process.log}")

    def stop(self) -> None:
        """End everything."""
        for process in self.services.values():
            process.stop()
        self.mongod.stop(20)
        self.broker.stop()

    def start_store(self) -> None:
        """Start the one mongod, which holds every service's database."""
        text = moved((WIRE / "mongod.conf").read_text(), self.secrets, "intake-store")
        for known, own in (
            ("/data/db", str(self.home.mongo / "data")),
            ("port: 27017", f"port: {self.ports['mongo']}"),
            ("bindIp: 0.0.0.0", "bindIp: 127.0.0.1"),
        ):
            assert known in text, known
            text = text.replace(known, own)
        (self.home.mongo / "data").mkdir(exist_ok=True)
        (self.home.mongo / "mongod.conf").write_text(text)
        mongod = binaries.mongod(print)
        command = [str(mongod.program), "--config", str(self.home.mongo / "mongod.conf")]
        environment = {**os.environ, **mongod.environment}
        self.mongod.start(command, log=self.home.logs / "mongod.log", environment=environment, cwd=self.home.mongo)

    def service(self, name: str, *, second: bool = False, **changed: str) -> TlsService:
        """A service's process with the settings that compose mounts, or a second one; `changed` replaces parts of them."""
        port = free_port() if second else self.ports[name]
        text = moved((WIRE / f"{name}.toml").read_text(), self.secrets, name)
        for known, own in {
            'host = "0.0.0.0"\nport = 8080': f'host = "127.0.0.1"\nport = {port}',
            "inside_port = 8081": f"inside_port = {free_port()}",
            "operators_port = 8082    # only the desk gate leads there\n": "",  # one port for everybody here, and no gate
            'host = "broker"\nport = 5671': f'host = "localhost"\nport = {self.ports["amqp"]}',
            f"{name}-store:27017": self.store_host,
            '"/opt/ngao/deploy/policy", "/etc/ngao/policy"': f'"{ROOT / "deploy" / "policy"}"',
            **changed,
        }.items():
            assert known in text, known
            text = text.replace(known, own)
        text = text.replace('proxied_from = ["edge"]    # which says whose connection it passes on\n', "")
        text += '\n[approvals]\nmode = "single"\n'  # one operator here
        file = self.folder / f"{name}-{port}.toml"
        file.write_text(text)
        process = TlsService(file, port)
        process.trusted = ssl.create_default_context(cafile=self.ca_file)
        return process

    def environment(self) -> dict[str, str]:
        """What `set -a; . secrets/operator/ngao.env` gives the commands."""
        lines = self.secrets.read("operator", "ngao.env").splitlines()
        told = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        stores = {"NGAO_STORES": ",".join(f"{service}={self.store_host}" for service in RUNNING)}
        return {**os.environ, **told, **stores, "NGAO_HOME": str(self.home.root), "PYTHONPATH": str(ROOT)}

    def command(self, *words: str, fails: bool = False) -> str:
        """Run `ngao WORDS`; gives what it says."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "ngao.cli", *words], cwd=ROOT, env=self.environment(), check=False,
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert (done.returncode != 0) is fails, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def parameters(self, pair: Issued | None, *, vhost: str = VHOST) -> pika.ConnectionParameters:
        """For a broker connection as its administrator, with a certificate or without."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if pair:
            file = self.folder / "pair.pem"
            file.write_text(pair.certificate + pair.key)
            context.load_cert_chain(file)
        tls = pika.SSLOptions(context, "localhost")
        login = pika.PlainCredentials(ADMINISTRATOR, self.secrets.read("operator", "broker-admin.password"))
        return pika.ConnectionParameters("localhost", self.ports["amqp"], vhost, login, ssl_options=tls, socket_timeout=10)

    @contextmanager
    def database(self, service: str) -> Iterator[Any]:
        """A service's own database, as its own account."""
        account, name = service_account(service), database_of(service)
        client: Any = MongoClient(
            self.store_host, username=account, password=self.secrets.read(service, "store.password"), authSource=name,
            directConnection=True, tls=True, tlsCAFile=str(self.ca_file), serverSelectionTimeoutMS=5000,
        )  # fmt: skip
        with client:
            yield client[name]

    def _write_variables(self) -> None:
        variables = self.folder / ".env"
        names = {"AMQP": "EDGE_AMQP", "MANAGEMENT": "DESK_MANAGEMENT", "INTAKE": "DESK_INTAKE", "REGISTRY": "DESK_REGISTRY"}
        ports = {f"NGAO_PORT_{name}": str(self.ports[part.lower()]) for part, name in names.items()}
        variables.write_text(merge_variables("", {**ports, "NGAO_PORT_EDGE_HTTP": str(self.ports["intake"])}))
        write_operator(self.secrets, variables, (), TLS)


def moved(text: str, secrets: SecretsFolder, owner: str) -> str:
    """A committed file with the folders of a container replaced by those of this deployment."""
    return text.replace("/run/ngao/own", str(secrets.at(owner))).replace("/run/ngao/public", str(secrets.at("public")))


@contextmanager
def opened(folder: Path) -> Iterator[Deployment]:
    """A running deployment, ended afterwards."""
    deployment = Deployment(folder)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.stop()
