"""`ngao parked` and `ngao outbox`: what could not be processed, and what is not sent yet."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli.calls import Service, Url, operator
from ngao.cli.output import AsJson, say, show, show_json, show_one
from ngao.deployment.names import SERVICES

app = typer.Typer(no_args_is_help=True, help="Messages that could not be processed: look, replay, or give up.")
outbox = typer.Typer(no_args_is_help=True, help="Events that the broker has not confirmed yet.")

ParkedId = Annotated[str, typer.Argument(help="The id that `ngao parked list` shows.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit trail. Never a person's name.")]


@app.command("list")
def list_parked(
    service: Annotated[str | None, typer.Argument(help="One service; all four by default.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many of each service.")] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """What stands parked, newest first, with the reason. Contents are never shown."""
    if url and not service:
        raise Misconfigured("Name the service that --url belongs to.")
    rows: list[dict[str, Any]] = []
    for name in [service] if service else SERVICES:
        rows += [{"service": name, **each} for each in operator(name, url).get("/v1/parked", limit=limit)["parked"]]
    columns = ("service", "id", "queue", "reason", "attempts", "parked_at")
    show(rows, columns, as_json=as_json, none="Nothing is parked.")


@app.command("show")
def show_parked(service: Service, parked_id: ParkedId, url: Url = None, as_json: AsJson = False) -> None:
    """One parked message: where it came from, why it stands here, how often it was tried."""
    show_one(operator(service, url).get(_path(parked_id)), as_json=as_json)


@app.command()
def replay(service: Service, parked_id: ParkedId, reason: Reason, url: Url = None) -> None:
    """Send it through its queue again, after the cause is mended."""
    operator(service, url).post(f"{_path(parked_id)}/replay", {"reason": reason})
    say("It is on its way to its queue again.")


@app.command()
def drop(service: Service, parked_id: ParkedId, reason: Reason, url: Url = None) -> None:
    """Give it up for good: its content is destroyed; what it was and who dropped it stays."""
    operator(service, url).post(f"{_path(parked_id)}/drop", {"reason": reason})
    say("Its content is destroyed.")


@outbox.command("status")
def outbox_status(
    service: Annotated[str | None, typer.Argument(help="One service; all four by default.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """How many events wait, how old the oldest is, and which are in trouble."""
    if url and not service:
        raise Misconfigured("Name the service that --url belongs to.")
    found = {name: operator(name, url).get("/v1/outbox") for name in ([service] if service else SERVICES)}
    if as_json:
        show_json(found)
        return
    rows = [{"service": name, **each, "troubled": len(each.get("troubled", ()))} for name, each in found.items()]
    show(rows, ("service", "waiting", "oldest_created_at", "troubled"), as_json=False, none="")


def _path(parked_id: str) -> str:
    return f"/v1/parked/{quote(parked_id, safe='')}"
