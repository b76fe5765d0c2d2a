"""`ngao check`: test every prerequisite in order, and explain how to fix each failure."""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from ngao.broker.catalogue import wanted_of_catalogue
from ngao.broker.edge_names import found_on_broker
from ngao.broker.management import Management, Step
from ngao.broker.provisioning import steps
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.settings import read_secret
from ngao.cli import policy
from ngao.cli.brokers import management
from ngao.cli.output import AsJson, echo, print_error, show_json
from ngao.cli.stores import stores_here
from ngao.deployment.atomic_files import read_variables
from ngao.deployment.checks.runner import Check, CheckResult, State, after, perform
from ngao.deployment.checks.runtime import Broker, Service, disk, free_ports, ready, store_accounts
from ngao.deployment.checks.secrets import SecretsCheck
from ngao.deployment.environment import PLAIN, TLS, wire_of
from ngao.deployment.naming import EDGE_VHOST, SERVICES
from ngao.deployment.secrets_folder import ROOT, SecretsFolder
from ngao.local import checks as embedded
from ngao.local.home import REPOSITORY, Home
from ngao.local.platform import Platform

app = typer.Typer()

_LOCAL = "127.0.0.1"
_CONNECT_S = 3.0
_ENGINE_DATA, _MOUNTED_POLICY = Path("/var/lib/docker"), Path("/etc/ngao/policy")
_PUBLISHED = {
    "NGAO_PORT_EDGE_AMQP": ("0.0.0.0", 5671),  # noqa: S104  # where compose publishes it
    "NGAO_PORT_EDGE_HTTP": ("0.0.0.0", 8443),  # noqa: S104
    "NGAO_PORT_EDGE_PARTNERS": ("0.0.0.0", 8444),  # noqa: S104
    "NGAO_PORT_DESK_INTAKE": (_LOCAL, 9441),
    "NGAO_PORT_DESK_REFERRAL": (_LOCAL, 9442),
    "NGAO_PORT_DESK_NOTIFY": (_LOCAL, 9443),
    "NGAO_PORT_DESK_REGISTRY": (_LOCAL, 9444),
    "NGAO_PORT_DESK_MANAGEMENT": (_LOCAL, 15671),
}

Before = Annotated[bool, typer.Option("--before-start", help="Only checks that need nothing running, and free ports.")]
Files = Annotated[list[Path] | None, typer.Option("--settings", help="The settings file of a service, to check from its place.")]


@app.command(rich_help_panel="Operations")
def check(before_start: Before = False, settings: Files = None, as_json: AsJson = False) -> None:
    """Run all checks in order. Checks that depend on a failed one are skipped.

    Without options, checks the deployment in NGAO_SECRETS (on the host as root, with `operator/ngao.env` loaded; a container
    checks its own part), else the platform that `ngao up` runs, else the deployment in `./secrets`. Covers secrets and file
    modes, certificates (a warning 30 days before they expire), settings, policy files, free ports, disk space, the broker with
    its alarms, queues and accounts, the stores, clocks, and the services' own readiness.

    The exit code is 0 if no check fails. Warnings do not fail.

        bin/ngao check --before-start
        docker-compose run --rm intake python -m ngao.cli check --settings /etc/ngao/service.toml
    """
    findings = perform(_checks(before_start, settings or []), (lambda _: None) if as_json else _print_finding)
    failed = [finding for finding in findings if finding.state is State.FAILED]
    if as_json:
        show_json({"sound": not failed, "findings": [asdict(finding) for finding in findings]})
        for finding in failed:
            print_error(finding.says)
    else:
        _print_summary(findings, failed)
    if failed:
        raise typer.Exit(1)


def _print_finding(finding: CheckResult) -> None:
    """Print one row with its reason. Skipped checks are summed up at the end."""
    if finding.state is not State.SKIPPED:
        _write(finding.state, finding.what, finding.says)


def _print_summary(findings: list[CheckResult], failed: list[CheckResult]) -> None:
    for cause, count in Counter(finding.says for finding in findings if finding.state is State.SKIPPED).items():
        _write(State.SKIPPED, f"{count} more", cause)
    if failed:
        more = f" ({len(failed) - 1} more checks failed, see above.)" if len(failed) > 1 else ""
        print_error(f"{failed[0].says}{more}")
        return
    warned = sum(1 for finding in findings if finding.state is State.WARNING)
    echo(f"{len(findings)} checks, {warned} warnings." if warned else f"{len(findings)} checks, all good.")


def _write(state: str, what: str, says: str) -> None:
    sys.stdout.write(f"{state:<15}{what:<32}{says}".rstrip() + "\n")
    sys.stdout.flush()


def _checks(before_start: bool, files: list[Path]) -> Iterator[Check]:
    home = Home.from_environment()
    if files:
        yield from _of_services([Service(file) for file in files], before_start=before_start)
    elif os.environ.get("NGAO_SECRETS") or (not home.state() and (REPOSITORY / "secrets").exists()):
        yield from _of_deployment(before_start)
    else:
        yield from _of_home(home, before_start)


def _of_services(services: list[Service], *, before_start: bool) -> Iterator[Check]:
    yield from chain.from_iterable(service.static() for service in services)
    for service in services:
        needs = (service.named("settings"),)
        yield Check(service.named("policy"), partial(_policy_of_service, service), needs)
    if not before_start:
        yield from chain.from_iterable(service.running() for service in services)


def _of_home(home: Home, before_start: bool) -> Iterator[Check]:
    yield from embedded.before(home)
    yield Check("policy", lambda: _policy(policy.folders_here()))
    if not before_start:
        yield Check("platform", lambda: _started(home))
        broker = Broker(management, lambda found: _steps(found, home.secrets))
        yield from after("platform", embedded.running(home, broker))


def _started(home: Home) -> str:
    """Fail once if the platform is not running, so that its dependent checks are skipped."""
    if not home.state().get("services"):
        raise Misconfigured(f"No platform has been started in {home.root}. Run `ngao up`, or check with --before-start.")
    parts = [part for part in Platform.at(home).status() if part.pid]
    if not parts:
        raise Misconfigured(f"The platform in {home.root} is not running. Run `ngao up`, or check with --before-start.")
    return str(home.root)


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


def _of_deployment(before_start: bool) -> Iterator[Check]:
    root = Path(os.environ.get("NGAO_SECRETS") or REPOSITORY / "secrets").absolute()
    compose = read_variables(REPOSITORY / ".env")
    whole = os.geteuid() == ROOT
    if (root / "broker-admin.password").exists():  # the secrets of the job `provision`
        yield Check("secrets", lambda: f"{len(_passwords(root))} accounts")
    else:
        tls = (wire_of(REPOSITORY / ".env") or os.environ.get("NGAO_WIRE") or TLS) != PLAIN
        yield from SecretsCheck(SecretsFolder(root), tls=tls, whole=whole).checks()
    yield Check("policy", lambda: _policy(_policy_of_deployment(compose)))
    yield disk(_ENGINE_DATA if _ENGINE_DATA.exists() else Path("/"))
    if before_start:
        if whole:  # a container has its own ports
            yield from free_ports({name: (host, int(compose.get(name) or port)) for name, (host, port) in _PUBLISHED.items()})
        return
    named = {name: os.environ.get(f"NGAO_URL_{name.upper()}", "") for name in SERVICES}
    urls = {name: url for name, url in named.items() if url}
    at_broker = os.environ.get("NGAO_BROKER_MANAGEMENT")
    stores = list(stores_here().values()) if os.environ.get("NGAO_STORES") else []
    addresses = [_address(url) for url in (*urls.values(), *([at_broker] if at_broker else ()))]
    addresses += [host for store in stores for host in store.hosts.split(",")]
    if not addresses:
        return
    yield Check("deployment", lambda: _answers(addresses))
    if at_broker:
        broker = Broker(management, lambda found: _steps(found, root))
        yield from after("deployment", broker.checks())
    yield from after("deployment", store_accounts(stores))
    needs = ("broker",) if at_broker else ()
    yield from after("deployment", ready(urls, os.environ.get("NGAO_CA_FILE"), dict.fromkeys(urls, needs)))


def _steps(broker: Management, root: Path) -> Iterator[Step]:
    """Return the missing parts of the broker, as far as they are visible from here."""
    at = _room(root) / "edge-names"
    queues = [each["name"] for each in broker.get("queues", EDGE_VHOST) or ()]
    names = EdgeNames(read_secret(at)) if os.access(at, os.R_OK) else found_on_broker(queues)
    if names is None:
        raise Misconfigured("The platform's queues for outsiders are missing or have guessable names. Run `ngao provision`.")
    return steps(broker, wanted_of_catalogue(_passwords(root), names))


def _room(root: Path) -> Path:
    return root / "provision" if (root / "provision").is_dir() else root


def _passwords(root: Path) -> dict[str, str]:
    """Read the passwords of the services' broker accounts, where they are visible from here."""
    folder = _room(root)
    return {name: read_secret(folder / f"broker-{name}") for name in SERVICES if os.access(folder / f"broker-{name}", os.R_OK)}


def _policy_of_deployment(compose: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the shipped policy and the folder that compose mounts over it, on the host or in a container."""
    over = REPOSITORY / compose["NGAO_POLICY"] if compose.get("NGAO_POLICY") else _MOUNTED_POLICY
    return (*policy.folders_here()[:1], *([over] if over.is_dir() else []))


def _policy_of_service(service: Service) -> str:
    return _policy(service.settings().policy_directories)


def _policy(folders: tuple[Path, ...]) -> str:
    """Load the policy as the services do at startup."""
    versions, wrong = policy.look(folders)
    if wrong:
        raise Misconfigured(wrong[0])
    return f"readable by {len(versions)} services"
