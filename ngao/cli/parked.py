"""`ngao parked` and `ngao outbox`: what could not be processed, what is not sent yet, and what is sent again."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli.calls import Operator, Service, Url, operator
from ngao.cli.moments import moment
from ngao.cli.output import AsJson, say, show, show_json, show_one
from ngao.deployment.names import SERVICES

app = typer.Typer(no_args_is_help=True, help="Messages that could not be processed: look, replay, or give up.")
outbox = typer.Typer(no_args_is_help=True, help="Events on their way out: what waits, and sending again what was lost.")

_REPLAYED = ("service", "replayed")

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


@outbox.command("replay")
def outbox_replay(
    since: Annotated[str, typer.Option(help="From when on: 90m, 6h, 2d ago, or 2026-03-01T08:00Z.")],
    reason: Reason,
    service: Annotated[str | None, typer.Option(help="One service; all four by default.")] = None,
    to: Annotated[str | None, typer.Option(help="One destination: events, partners or results; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send again, with the same ids, what was sent since then: for queues or a broker that lost what stood in them.

    Services keep what they sent for 7 days. Who has heard an event already knows its id and does nothing twice.
    """
    wanted = {"since": moment(since).isoformat(), "reason": reason, **({"to": to} if to else {})}
    found = {name: _replay_all(operator(name), wanted) for name in ([service] if service else SERVICES)}
    show([{"service": name, "replayed": count} for name, count in found.items()], _REPLAYED, as_json=as_json, none="")


def _replay_all(called: Operator, wanted: dict[str, str]) -> int:
    """Order by order, up to the moment of the first: what leaves meanwhile is not sent twice."""
    done, answer = 0, called.post("/v1/outbox/replay", wanted)
    while answer["more"]:
        done += answer["replayed"]
        answer = called.post("/v1/outbox/replay", {**wanted, "before": answer["before"]})
    return done + int(answer["replayed"])


def _path(parked_id: str) -> str:
    return f"/v1/parked/{quote(parked_id, safe='')}"
