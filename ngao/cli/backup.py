"""`ngao backup` and `ngao restore`: seal the data of the services into files, and load it back."""

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
from ngao.cli.api_client import address_of, open_session, require_service
from ngao.cli.brokers import edge_vhost, management, management_url
from ngao.cli.output import AsJson, echo, progress, show, show_json
from ngao.cli.stores import stores_here, stores_to_fill
from ngao.deployment.backup import outsiders
from ngao.deployment.backup.restoring import Target
from ngao.deployment.backup.sets import OUTSIDERS, Backup, Part, Sources, take
from ngao.deployment.naming import SERVICES
from ngao.local.home import Home

app = typer.Typer()

_PUBLIC = "backup.pub"
_COLUMNS = ("name", "taken", "documents", "size")

To = Annotated[Path, typer.Option("--to", help="The folder for backups; each gets a new folder in it. Use another disk.")]
From = Annotated[Path, typer.Argument(help="A folder made by `ngao backup`, such as /srv/backups/ngao-20260301T080000Z.")]
OneService = Annotated[str | None, typer.Option(help="Only one service, or `outsiders`: accounts and queues of outsiders.")]
Key = Annotated[Path | None, typer.Option(help="The file `backup.key`, or - for standard input.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the present content of the stores.")]
Verify = Annotated[bool, typer.Option("--verify", help="Read and check the whole backup. Write nothing.")]


@app.command(rich_help_panel="Operations")
def backup(to: To, service: OneService = None, as_json: AsJson = False) -> None:
    """Back up the data of each service as of one moment, while the services run.

    Creates a folder with one sealed file per service, one for the broker's accounts and queues of sources and partners, and a
    manifest. The files are sealed to the public half of the backup key. Only its private half (`backup.key`, which you store
    elsewhere) opens them. The keys of the services are NOT included: store a copy of the secrets folder apart from the backups.
    Without the keys, data sealed with them is unreadable.

    Services keep sent events for 7 days, so restore from a backup younger than that. Make one at least every night, and try a
    restore.

        bin/ngao backup --to /srv/backups
    """
    stores = stores_here()
    if service and service != OUTSIDERS:
        require_service(service)
    chosen = {name: store for name, store in stores.items() if service in {None, name}}
    known = _outsiders() if service in {None, OUTSIDERS} else None
    made, parts = take(to, Sources(chosen, known), _public_key(), progress=progress(), now=datetime.now(UTC))
    rows = [vars(part) for part in parts]
    if as_json:
        show_json({"folder": str(made), "parts": rows})
        return
    show(rows, _COLUMNS, as_json=False, none="")
    echo(f"Backup written to {made}.")


@app.command(rich_help_panel="Operations")
def restore(
    source: From,
    *,
    key: Key = None,
    service: OneService = None,
    replace: Replace = False,
    verify: Verify = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into empty stores, so that the services continue from its moment.

    The whole backup is checked before anything is written. Stop the services first. Broker and stores must run, and the broker
    must be provisioned. Existing content of a store is replaced only with --replace. Then start the services: they resend events
    that others may have missed, with the same ids, and duplicates are recognised.

    Reports accepted after the backup are not in it: sources must post them again. See docs/how-to/back-up-and-restore.md for the
    steps and for the effects on partners.

        bin/ngao restore /srv/backups/ngao-20260301T080000Z --key backup.key --verify
        bin/ngao restore /srv/backups/ngao-20260301T080000Z --key backup.key
    """
    show_step, now = progress(), datetime.now(UTC)
    found = Backup.at(source, _private_key(key))
    parts = found.chosen([service] if service else sorted(found.parts))
    stores = {} if verify else _stopped_stores(parts)
    targets = {name: Target(settings, replace) for name, settings in stores.items()}
    for target in targets.values():
        target.demand_fit()
    for part in parts:
        found.verify(part, now=now)
        show_step(f"{part.name}: verified, {part.documents} documents as of {part.taken}")
    if OUTSIDERS in {part.name for part in parts} and not verify:
        show_step(f"{OUTSIDERS}: {_bring_outsiders(found.outsiders())} changes on the broker")
    for part in parts:
        if part.name in targets:
            show_step(f"{part.name}: {found.fill(part, targets[part.name], progress=show_step, now=now)} documents restored")
    then = ["The backup is complete and readable. Nothing was written."] if verify else list(_then(parts, now))
    if as_json:
        show_json({"restored": not verify, "parts": [vars(part) for part in parts], "then": then})
        return
    for sentence in then:
        echo(sentence)


def _outsiders() -> dict[str, Any] | None:
    if not management_url():
        return None
    with management() as broker:
        return outsiders.read(broker, edge_vhost())


def _bring_outsiders(kept: Mapping[str, Any]) -> int:
    with management() as broker:
        done = 0
        for step in outsiders.steps(broker, kept):
            step.do()
            done += 1
        return done


def _stopped_stores(parts: list[Part]) -> dict[str, StoreSettings]:
    """Return the stores of these parts. Raises Misconfigured for an unknown one, NotAllowedNow while its service runs."""
    stores = stores_to_fill()
    wanted = [part.name for part in parts if part.name != OUTSIDERS]
    for name in wanted:
        if name not in stores:
            raise Misconfigured(f"The store of {name} is unknown here. Known stores: {', '.join(sorted(stores))}.")
        if _answers(name):
            raise NotAllowedNow(f"The service {name} is running. Stop it first, so that it does not write during the restore.")
    return {name: stores[name] for name in wanted}


def _answers(service: str) -> bool:
    url = address_of(service)
    if not url:
        return False
    try:
        with open_session() as session:
            session.get(f"{url}/healthz", timeout=5)
    except requests.exceptions.SSLError:
        return True  # a server answers, although its certificate is refused
    except requests.RequestException:
        return False
    return True


def _then(parts: list[Part], now: datetime) -> Iterator[str]:
    """Yield the remaining steps, in order."""
    services = {part.name for part in parts} - {OUTSIDERS}
    if not services:
        return
    yield "Start the services: bin/ngao up, or docker compose up -d. They resend events that others may have missed."
    oldest = min(part.moment for part in parts if part.name in services)
    if services != set(SERVICES):
        since = (oldest - timedelta(days=OUTBOX_DAYS)).strftime("%Y-%m-%dT%H:%MZ")
        command = f'bin/ngao outbox replay --since {since} --to events --reason "restore"'
        yield f"Then resend the other services' events that the restored service lacks: {command}"
    if now - oldest > timedelta(days=OUTBOX_DAYS):
        yield f"The backup is older than {OUTBOX_DAYS} days. Services keep sent events that long; older events are not resent."
    yield "Ask the sources to post again what they posted since the backup. Reports in the backup are recognised as duplicates."


def _public_key() -> str:
    home, folder = Home.from_environment(), os.environ.get("NGAO_SECRETS")
    places = [Path(folder) / "public" / _PUBLIC] if folder else []
    places += [Path(os.environ["NGAO_CA_FILE"]).with_name(_PUBLIC)] if os.environ.get("NGAO_CA_FILE") else []
    places += [Path("/run/ngao/public") / _PUBLIC, home.public_keys / _PUBLIC]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise Misconfigured(f"No public backup key ({_PUBLIC}) found. Run `ngao up`, or `ngao secrets init` for a deployment.")
    return read_secret(found)


def _private_key(named: Path | None) -> str:
    """Read the key from the named file, or from standard input for `-`: a container then needs no copy of the file."""
    if named == Path("-"):
        return sys.stdin.read().strip()
    return read_secret(named or Path(os.environ.get("NGAO_BACKUP_KEY_FILE") or Home.from_environment().backup_key))
