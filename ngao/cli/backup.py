"""`ngao backup` and `ngao restore`: what the services know, sealed and taken away; and put back so that it goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import requests
import typer

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.settings import StoreSettings, read_secret
from ngao.chassis.storage.connection import OUTBOX_DAYS
from ngao.cli.brokers import management
from ngao.cli.calls import demand_known
from ngao.cli.output import AsJson, progress, say, show, show_json
from ngao.cli.stores import stores_here, stores_to_fill
from ngao.deployment.backup import outsiders
from ngao.deployment.backup.restoring import Target
from ngao.deployment.backup.sets import OUTSIDERS, Backup, Part, Sources, take
from ngao.deployment.names import EDGE_VHOST, SERVICES
from ngao.local.configuration import backup_key_file
from ngao.local.home import Home

app = typer.Typer()

_PUBLIC = "backup.pub"
_COLUMNS = ("name", "taken", "documents", "size")

To = Annotated[Path, typer.Option("--to", help="The folder that gets a new folder for each backup. Best on another disk.")]
From = Annotated[Path, typer.Argument(help="A folder that `ngao backup` made, such as /srv/backups/ngao-20260301T080000Z.")]
OneService = Annotated[str | None, typer.Option(help="One service only, or `outsiders`: their accounts and queues.")]
Key = Annotated[Path | None, typer.Option(help="The file `backup.key`, or - to read it from the standard input.")]
Replace = Annotated[bool, typer.Option("--replace", help="Put the backup in the place of what the stores hold now.")]
Verify = Annotated[bool, typer.Option("--verify", help="Read all of it, prove that it is whole, and write nothing.")]


@app.command(rich_help_panel="Look after it")
def backup(to: To, service: OneService = None, as_json: AsJson = False) -> None:
    """Save what the services know, each as it stood at one moment, while they go on working.

    Made is a folder with a sealed file for each service, one for the broker's accounts and queues of partners and sources, and a
    manifest. They are sealed to the public half of the backup key; only its private half (`backup.key`, which you keep somewhere
    else) opens them. The keys of the services are NOT in it: keep a copy of the secrets folder apart from the backups, because
    without the keys nobody can read what was sealed with them.

    A backup should not be older than 7 days when it is needed: so long the services keep what they sent. Make one at
    least every night, and try a restore.

        bin/ngao backup --to /srv/backups
    """
    stores, wanted = stores_here(), service
    if wanted and wanted != OUTSIDERS:
        demand_known(wanted)
    chosen = {name: store for name, store in stores.items() if wanted in {None, name}}
    known = _outsiders() if wanted in {None, OUTSIDERS} else None
    made, parts = take(to, Sources(chosen, known), _public_key(), tell=progress(), now=datetime.now(UTC))
    if as_json:
        show_json({"folder": str(made), "parts": [vars(part) for part in parts]})
        return
    show([vars(part) for part in parts], _COLUMNS, as_json=False, none="")
    say(f"The backup is in {made}.")


@app.command(rich_help_panel="Look after it")
def restore(
    source: From, *, key: Key = None, service: OneService = None, replace: Replace = False, verify: Verify = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Put a backup back into empty stores, so that the services go on from its moment.

    All of it is read and proven before anything is written. The services must be stopped; broker and stores must stand, and the
    broker must be provisioned. What a store holds is replaced only with --replace. Afterwards start the services: they send
    again what others may have missed, with the same ids, and nobody does a thing twice.

    What was taken in after the backup's moment is not in it: sources must send it again. docs/how-to/back-up-and-restore.md says
    how, and what partners may see.

        bin/ngao restore /srv/backups/ngao-20260301T080000Z --key backup.key --verify
        bin/ngao restore /srv/backups/ngao-20260301T080000Z --key backup.key
    """
    tell, now = progress(), datetime.now(UTC)
    found = Backup.at(source, _private_key(key))
    parts = found.chosen([service] if service else sorted(found.parts))
    stores = {} if verify else _stopped_stores(parts)
    targets = {name: Target(settings, replace) for name, settings in stores.items()}
    for target in targets.values():
        target.demand_fit()
    for part in parts:
        found.verify(part, now=now)
        tell(f"{part.name}: whole, {part.documents} documents as of {part.taken}")
    if OUTSIDERS in {part.name for part in parts} and not verify:
        tell(f"{OUTSIDERS}: {_bring_outsiders(found.outsiders())} things made on the broker")
    for part in parts:
        if part.name in targets:
            tell(f"{part.name}: {found.fill(part, targets[part.name], tell=tell, now=now)} documents put back")
    then = ["The backup is whole. Nothing was written."] if verify else list(_then(parts, now))
    if as_json:
        show_json({"restored": not verify, "parts": [vars(part) for part in parts], "then": then})
        return
    for sentence in then:
        say(sentence)


def _outsiders() -> dict[str, Any] | None:
    if not (os.environ.get("NGAO_BROKER_MANAGEMENT") or Home.from_environment().state().get("management")):
        return None
    with management() as broker:
        return outsiders.read(broker, _edge_vhost())


def _bring_outsiders(kept: Mapping[str, Any]) -> int:
    done = 0
    with management() as broker:
        for step in outsiders.steps(broker, kept):
            step.do()
            done += 1
    return done


def _edge_vhost() -> str:
    return os.environ.get("NGAO_EDGE_VHOST", EDGE_VHOST)


def _stopped_stores(parts: list[Part]) -> dict[str, StoreSettings]:
    """The stores of these parts. Raises Misconfigured for one that is not known, NotAllowedNow while its service runs."""
    stores = stores_to_fill()
    wanted = [part.name for part in parts if part.name != OUTSIDERS]
    for name in wanted:
        if name not in stores:
            raise Misconfigured(f"The store of {name} is not known here; known are {', '.join(sorted(stores))}.")
        if _answers(name):
            raise NotAllowedNow(f"The service {name} is running: stop it first, so that nothing is written beside the restore.")
    return {name: stores[name] for name in wanted}


def _answers(service: str) -> bool:
    url = os.environ.get(f"NGAO_URL_{service.upper()}") or Home.from_environment().state().get("urls", {}).get(service)
    if not url:
        return False
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"{url}/healthz", timeout=5, verify=os.environ.get("NGAO_CA_FILE") or True)
    except requests.exceptions.SSLError:
        return True  # somebody is there
    except requests.RequestException:
        return False
    return True


def _then(parts: list[Part], now: datetime) -> Iterator[str]:
    """What is left to do, in order."""
    services = {part.name for part in parts} - {OUTSIDERS}
    if not services:
        return
    yield "Start the services: bin/ngao up, or docker-compose up -d. They send again what others may have missed."
    oldest = min(part.moment for part in parts if part.name in services)
    if services != set(SERVICES):
        since = (oldest - timedelta(days=OUTBOX_DAYS)).strftime("%Y-%m-%dT%H:%MZ")
        command = f'bin/ngao outbox replay --since {since} --to events --reason "restore"'
        yield f"Then let the others tell it what it has forgotten: {command}"
    if now - oldest > timedelta(days=OUTBOX_DAYS):
        yield f"The backup is older than {OUTBOX_DAYS} days, as long as sent events are kept: the rest is not told again."
    yield "Ask the sources to send again what they posted since the backup: what is known is recognised as a repeat."


def _public_key() -> str:
    home, folder = Home.from_environment(), os.environ.get("NGAO_SECRETS")
    places = [Path(folder) / "public" / _PUBLIC] if folder else []
    places += [Path(os.environ["NGAO_CA_FILE"]).with_name(_PUBLIC)] if os.environ.get("NGAO_CA_FILE") else []
    places += [Path("/run/ngao/public") / _PUBLIC, home.keys / "public" / _PUBLIC]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise Misconfigured(f"There is no public backup key ({_PUBLIC}): run `ngao up`, or `ngao secrets init` for a deployment.")
    return read_secret(found)


def _private_key(named: Path | None) -> str:
    """`-` is the standard input: a container need not be given the file."""
    if named == Path("-"):
        return sys.stdin.read().strip()
    return read_secret(named or Path(os.environ.get("NGAO_BACKUP_KEY_FILE") or backup_key_file(Home.from_environment())))
