"""The checks of the embedded platform for `ngao check`, before it starts and while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.deployment.checks.runner import Check
from ngao.deployment.checks.runtime import Broker, Service, disk, free_ports, ready
from ngao.deployment.checks.secrets import onboarding
from ngao.deployment.naming import DISCLOSING, SERVICES
from ngao.local import binaries
from ngao.local.home import REPOSITORY, Home
from ngao.local.platform import Platform
from ngao.local.ports import LOCAL


def before(home: Home) -> Iterator[Check]:
    """Yield the checks of programs, secrets, settings and disk, and of the ports of stopped parts."""
    yield Check("programs", _programs)
    yield Check("secrets", lambda: _secrets(home))
    yield Check("onboarding keys", lambda: _onboarding(home), ("secrets",))
    yield from chain.from_iterable(service.static() for service in services(home))
    yield disk(home.root if home.root.exists() else REPOSITORY)
    yield from free_ports(_ports_of_what_is_down(home))


def started(home: Home) -> str:
    """Fail once if the platform is not running, so that its dependent checks are skipped."""
    if not home.state().get("services"):
        raise Misconfigured(f"No platform has been started in {home.root}. Run `ngao up`, or check with --before-start.")
    parts = [part for part in Platform.at(home).status() if part.pid]
    if not parts:
        raise Misconfigured(f"The platform in {home.root} is not running. Run `ngao up`, or check with --before-start.")
    return str(home.root)


def running(home: Home, broker: Broker) -> Iterator[Check]:
    """Yield the checks of the running parts."""
    yield from broker.checks()
    yield Check("mongod", lambda: _mongod(home))
    for each in chain.from_iterable(service.running() for service in services(home)):
        yield Check(each.what, each.look, (*each.needs, "broker" if each.what.startswith("broker") else "mongod"))
    urls = home.state().get("urls", {})
    chosen = {name: urls[name] for name in home.state().get("services", ()) if name in urls}
    yield from ready(chosen, None, ("broker", "mongod"))


def services(home: Home) -> list[Service]:
    """Return the services that have settings here: none before the first `ngao up`."""
    return [Service(home.config / f"{name}.toml") for name in SERVICES if (home.config / f"{name}.toml").exists()]


def _programs() -> str:
    missing = binaries.missing()
    return f"`ngao up` will install {' and '.join(missing)}" if missing else "RabbitMQ and mongod are installed"


def _mongod(home: Home) -> str:
    """Check the one server of all stores here, so that its failure is reported once."""
    part = next((part for part in Platform.at(home).status() if part.name == "mongod"), None)
    if part is None or not part.ready:
        raise Unavailable("mongod is not running. Run `ngao up`. `ngao logs mongod` shows its log.")
    return part.address


def _secrets(home: Home) -> str:
    files = [path for folder in (home.secrets, home.keys) if folder.exists() for path in folder.rglob("*") if path.is_file()]
    for path in files:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077 and path.suffix != ".pub":
            raise Misconfigured(f"{path} is readable by other users (mode {mode:o}). Run `chmod 600 {path}`.")
    return f"{len(files)} files" if files else "`ngao up` will create them"


def _onboarding(home: Home) -> str:
    if not home.keys.exists() or not any(home.keys.iterdir()):
        return "`ngao up` will create one"
    return onboarding({service: home.keys / service for service in DISCLOSING})


def _ports_of_what_is_down(home: Home) -> dict[str, tuple[str, int]]:
    if not home.state().get("ports"):
        return {}  # the first `ngao up` chooses free ones
    platform = Platform.at(home)
    # All other ports are the broker's.
    part_of = {"mongo": "mongod", "smtp": "mailbox", "epmd": "epmd", **{name: name for name in SERVICES}}
    down = {name: port for name, port in platform.ports.items() if platform.service(part_of.get(name, "rabbitmq")).pid() is None}
    return {f"NGAO_PORT_{name.upper()}": (LOCAL, port) for name, port in down.items()}
