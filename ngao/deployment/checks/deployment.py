"""The checks of a deployment in containers: on the host, or in a container that sees its own part."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ngao.broker.catalogue import wanted_of_catalogue
from ngao.broker.edge_names import found_on_broker
from ngao.broker.management import Management, Step
from ngao.broker.provisioning import steps
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.settings import StoreSettings, read_secret
from ngao.deployment.atomic_files import read_variables
from ngao.deployment.checks.policy import readable
from ngao.deployment.checks.runner import Check, after
from ngao.deployment.checks.runtime import Broker, disk, free_ports, ready, store_accounts
from ngao.deployment.checks.secrets import SecretsCheck
from ngao.deployment.environment import PLAIN, PUBLISHED, TLS, wire_of
from ngao.deployment.naming import EDGE_VHOST, SERVICES
from ngao.deployment.secrets_folder import ROOT, SecretsFolder, provision_folder

_CONNECT_S = 3.0
_ENGINE_DATA, _MOUNTED_POLICY = Path("/var/lib/docker"), Path("/etc/ngao/policy")


@dataclass(frozen=True)
class Deployment:
    """A deployment by its secrets folder, with what leads to its broker and its stores where they can be reached."""

    secrets: Path
    repository: Path
    shipped_policy: Path
    management: Callable[[], AbstractContextManager[Management]]
    stores: Callable[[], Sequence[StoreSettings]]

    def checks(self, *, before_start: bool) -> Iterator[Check]:
        """Yield the checks in order: first the files on disk, then the running services."""
        compose = read_variables(self.repository / ".env")
        whole = os.geteuid() == ROOT
        if (self.secrets / "broker-admin.password").exists():  # the secrets of the job `provision`
            yield Check("secrets", lambda: f"{len(_passwords(self.secrets))} accounts")
        else:
            tls = (wire_of(self.repository / ".env") or os.environ.get("NGAO_WIRE") or TLS) != PLAIN
            yield from SecretsCheck(SecretsFolder(self.secrets), tls=tls, whole=whole).checks()
        yield Check("policy", lambda: readable(self._policy_folders(compose), self.shipped_policy))
        yield disk(_ENGINE_DATA if _ENGINE_DATA.exists() else Path("/"))
        if not before_start:
            yield from self._running()
        elif whole:  # a container has its own ports
            yield from free_ports({name: (host, int(compose.get(name) or port)) for name, (host, port) in PUBLISHED.items()})

    def _running(self) -> Iterator[Check]:
        named = {name: os.environ.get(f"NGAO_URL_{name.upper()}", "") for name in SERVICES}
        urls = {name: url for name, url in named.items() if url}
        at_broker = os.environ.get("NGAO_BROKER_MANAGEMENT")
        stores = self.stores() if os.environ.get("NGAO_STORES") else []
        addresses = [_address(url) for url in (*urls.values(), *([at_broker] if at_broker else ()))]
        addresses += [host for store in stores for host in store.hosts.split(",")]
        if not addresses:
            return
        yield Check("deployment", lambda: _answers(addresses))
        if at_broker:
            broker = Broker(self.management, lambda found: missing_steps(found, self.secrets))
            yield from after("deployment", broker.checks())
        yield from after("deployment", store_accounts(stores))
        yield from after("deployment", ready(urls, os.environ.get("NGAO_CA_FILE"), ("broker",) if at_broker else ()))

    def _policy_folders(self, compose: Mapping[str, str]) -> tuple[Path, ...]:
        """Return the shipped policy and the folder that compose mounts over it, on the host or in a container."""
        over = self.repository / compose["NGAO_POLICY"] if compose.get("NGAO_POLICY") else _MOUNTED_POLICY
        return (self.shipped_policy, *([over] if over.is_dir() else []))


def missing_steps(broker: Management, root: Path) -> Iterator[Step]:
    """Return the missing parts of the broker, as far as they are visible from here."""
    at = provision_folder(root) / "edge-names"
    queues = [each["name"] for each in broker.get("queues", EDGE_VHOST) or ()]
    names = EdgeNames(read_secret(at)) if os.access(at, os.R_OK) else found_on_broker(queues)
    if names is None:
        raise Misconfigured("The platform's queues for outsiders are missing or have guessable names. Run `ngao provision`.")
    return steps(broker, wanted_of_catalogue(_passwords(root), names))


def _passwords(root: Path) -> dict[str, str]:
    """Read the passwords of the services' broker accounts, where they are visible from here."""
    folder = provision_folder(root)
    return {name: read_secret(folder / f"broker-{name}") for name in SERVICES if os.access(folder / f"broker-{name}", os.R_OK)}


def _answers(addresses: Iterable[str]) -> str:
    """Fail once if the deployment is not running, so that its dependent checks are skipped."""
    wanted = sorted(set(addresses))
    open_ = [address for address in wanted if _is_open(address)]
    if not open_:
        raise Misconfigured("The deployment is not running: no address answers. Run `docker compose up --detach`.")
    return f"{len(open_)} of {len(wanted)} addresses answer"


def _is_open(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
