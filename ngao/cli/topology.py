"""`ngao provision` and `ngao events`: the layout of the broker, and the catalogue of events."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ngao.broker.catalogue import wanted_of_catalogue
from ngao.broker.provisioning import BrokerSpec
from ngao.broker.provisioning import provision as bring
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.settings import read_secret
from ngao.cli.brokers import management
from ngao.cli.output import AsJson, echo, show
from ngao.contracts import CATALOGUE
from ngao.deployment.naming import SERVICES
from ngao.deployment.secrets_folder import provision_folder
from ngao.deployment.store_setup import named
from ngao.local.configuration import wanted_on_broker
from ngao.local.home import Home

app = typer.Typer()
events = typer.Typer(no_args_is_help=True, help="The catalogue of events.")


@app.command(rich_help_panel="Broker")
def provision(dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the changes.")] = False) -> None:
    """Create missing exchanges, queues, bindings, accounts and permissions on the broker, and set up new stores.

    A queue is never changed: a queue with other arguments is named and stops the command. A queue is deleted only when it is
    empty and replaced by another one. `ngao up` and the compose job `provision` run this command. For another broker set
    NGAO_BROKER_MANAGEMENT, NGAO_BROKER_USER, NGAO_BROKER_PASSWORD_FILE, and NGAO_SECRETS to a folder with the services' passwords
    (broker-intake, ...) and the secret in the names of outsiders' queues (edge-names). NGAO_STORES names stores to set up
    (`intake=intake-store:27017 ...`); their passwords and keys are in the same folder.
    """
    done = []
    for store in named(os.environ.get("NGAO_STORES", ""), _folder() or Path(), os.environ.get("NGAO_CA_FILE")):
        done += store.bring(dry_run=dry_run, progress=echo)
    with management() as broker:
        done += bring(broker, _wanted(), dry_run=dry_run, progress=echo)
    echo(f"{len(done)} changes {'would be made' if dry_run else 'made'}." if done else "Nothing is missing.")


@app.command("describe", hidden=True, deprecated=True)
@events.command("list")
def list_events(as_json: AsJson = False) -> None:
    """List event types with their publisher, subscribers and meaning."""
    rows: list[dict[str, Any]] = [
        {
            "type": entry.name,
            "owner": entry.owner,
            "heard_by": list(entry.subscribers),
            "audiences": [str(audience) for audience in entry.audiences],
            "classification": entry.classification,
            "says": entry.meaning,
        }
        for entry in CATALOGUE.values()
    ]
    if not as_json:
        rows = [{**row, "subscribers": row["heard_by"], "meaning": row["says"]} for row in rows]
    show(rows, ("type", "owner", "subscribers", "audiences", "meaning"), as_json=as_json, none="The catalogue is empty.")


def _folder() -> Path | None:
    named_folder = os.environ.get("NGAO_SECRETS")
    return provision_folder(Path(named_folder)) if named_folder else None


def _wanted() -> BrokerSpec:
    """Return the wanted layout, with the secrets of the deployment or of this machine's platform."""
    if folder := _folder():
        passwords = {service: read_secret(folder / f"broker-{service}") for service in SERVICES}
        return wanted_of_catalogue(passwords, EdgeNames(read_secret(folder / "edge-names")))
    home = Home.from_environment()
    home.make()
    return wanted_on_broker(home)
