"""`ngao parked` and `ngao outbox`: messages that failed, events not sent yet, and the replay of sent events."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli.api_client import OldService, OneService, Operator, Reason, Service, Url, one_or_all, operator, path_of
from ngao.cli.output import AsJson, echo, show, show_json, show_one

app = typer.Typer(no_args_is_help=True, help="Messages that could not be processed: list, replay, or drop.")
outbox = typer.Typer(no_args_is_help=True, help="Outgoing events: the backlog, and the replay of events that were lost.")

_AGO = re.compile(r"^(\d{1,6})([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

ParkedId = Annotated[str, typer.Argument(help="An id of `ngao parked list`.")]


@app.command("list")
def list_parked(
    old_service: OldService = None,
    service: OneService = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The maximum number per service.")] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List parked messages, newest first, with the reason. Contents are never shown."""
    rows: list[dict[str, Any]] = []
    for name in _chosen(service or old_service, url):
        rows += [{"service": name, **each} for each in operator(name, url).get("/v1/parked", limit=limit)["parked"]]
    columns = ("service", "id", "queue", "reason", "attempts", "parked_at")
    show(rows, columns, as_json=as_json, none="No parked messages.")


@app.command("show")
def show_parked(service: Service, parked_id: ParkedId, url: Url = None, as_json: AsJson = False) -> None:
    """Show one parked message: its queue, the reason, and the number of attempts."""
    show_one(operator(service, url).get(path_of("parked", parked_id)), as_json=as_json)


@app.command()
def replay(service: Service, parked_id: ParkedId, reason: Reason, url: Url = None) -> None:
    """Send a message through its queue again. Fix the cause first."""
    operator(service, url).post(path_of("parked", parked_id, "replay"), {"reason": reason})
    echo("Replayed. The message is back in its queue.")


@app.command()
def drop(service: Service, parked_id: ParkedId, reason: Reason, url: Url = None) -> None:
    """Drop a message permanently. Its content is destroyed; its metadata and the operator are recorded."""
    operator(service, url).post(path_of("parked", parked_id, "drop"), {"reason": reason})
    echo("Dropped. The content is destroyed.")


@outbox.command("status")
def outbox_status(old_service: OldService = None, service: OneService = None, url: Url = None, as_json: AsJson = False) -> None:
    """Show the backlog of each service, the age of its oldest event, and the events that cannot be sent."""
    found = {name: operator(name, url).get("/v1/outbox") for name in _chosen(service or old_service, url)}
    if as_json:
        show_json(found)
        return
    rows = [{"service": name, **each, "troubled": len(each.get("troubled", ()))} for name, each in found.items()]
    show(rows, ("service", "waiting", "oldest_created_at", "troubled"), as_json=False, none="")


@outbox.command("replay")
def outbox_replay(
    since: Annotated[str, typer.Option(help="The start: 90m, 6h or 2d ago, or 2026-03-01T08:00Z.")],
    reason: Reason,
    service: OneService = None,
    to: Annotated[str | None, typer.Option(help="One destination: events, partners or results. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Resend events since a time, with the same ids, after a queue or the broker has lost them.

    Services keep sent events for 7 days. A subscriber recognises the id of an event that it has already processed.
    """
    wanted = {"since": parse_time(since).isoformat(), "reason": reason, **({"to": to} if to else {})}
    rows = [{"service": name, "replayed": _replay_all(operator(name), wanted)} for name in one_or_all(service)]
    show(rows, ("service", "replayed"), as_json=as_json, none="")


def parse_time(text: str) -> datetime:
    """Parse `90m`, `6h` or `2d` ago, or ISO 8601 (UTC if it names no zone). Raises Misconfigured."""
    ago = _AGO.fullmatch(text)
    if ago:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured("--since must be like 90m, 6h or 2d (an age), or like 2026-03-01T08:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _replay_all(called: Operator, wanted: dict[str, str]) -> int:
    """Replay batch by batch, up to the start of the first batch, so that later events are not sent twice."""
    done, answer = 0, called.post("/v1/outbox/replay", wanted)
    while answer["more"]:
        done += answer["replayed"]
        answer = called.post("/v1/outbox/replay", {**wanted, "before": answer["before"]})
    return done + int(answer["replayed"])


def _chosen(service: str | None, url: str | None) -> list[str]:
    if url and not service:
        raise Misconfigured("--url needs a service. Give --service, too.")
    return one_or_all(service)
