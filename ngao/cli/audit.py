"""`ngao audit`: prove that nobody changed what is on record."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli.calls import demand_known, one_or_all, operator
from ngao.cli.output import AsJson, say, show
from ngao.deployment.names import SERVICES

app = typer.Typer(no_args_is_help=True, help="The audit trail: who did what, in hash chains.")

OneService = Annotated[str | None, typer.Option("--service", help=f"One of {', '.join(SERVICES)}; all by default.")]
From = Annotated[
    Path | None, typer.Option("--from", help="Heads noted earlier with `ngao audit heads --json`; - is the standard input.")
]
_HEAD = ("chain", "n", "hash")


@app.command()
def heads(service: OneService = None, as_json: AsJson = False) -> None:
    """Show where each chain of each service is now. Note it where this platform cannot write.

    A chain can be shortened only behind the back of who has not noted where it was: `ngao audit verify --from` finds it.

        bin/ngao audit heads --json > heads-2026-11-29.json
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [
        {"service": each, **head, "noted_at": at}
        for each in one_or_all(service)
        for head in operator(each).get("/v1/audit/heads")["heads"]
    ]
    show(rows, ("service", *_HEAD, "key"), as_json=as_json, none="Nothing is on record yet.")


@app.command()
def verify(service: OneService = None, noted: From = None, as_json: AsJson = False) -> None:
    """Follow every chain of every service to its end, through the heads that the other services hold, and those in the file.

    Exit code 1 when an entry was changed, removed or put in, or was not made with a key of its service. `unkeyed` counts entries
    of a version that had no such keys; with --json `keyed_from` says from which number on each chain is keyed.

        bin/ngao audit verify --from heads-2026-11-29.json
    """
    known = (_noted(noted) if noted else []) + ([] if service else _held())
    rows = [{"service": each, **_verified(each, known)} for each in one_or_all(service)]
    show(rows, ("service", "whole", "entries", "unkeyed", "chain", "n", "reason"), as_json=as_json, none="")
    if not all(row["whole"] for row in rows):
        raise typer.Exit(1)


@app.command()
def accept(
    service: Annotated[str, typer.Argument(help="The service whose audit was put back.")],
    reason: Annotated[str, typer.Option(help="Why its chains are not what they were; kept in the audit trail.")],
) -> None:
    """After a restore: let the other services hold a service's audit as it is now. Until then they warn that it was cut off.

    Accept nothing that you cannot explain: docs/runbooks/audit-head-moved.md says what to look at first.
    """
    demand_known(service)
    for each in SERVICES:
        if each != service and any(head["of"] == service for head in operator(each).get("/v1/audit/held")["held"]):
            operator(each).post(f"/v1/audit/held/{service}/accept", {"reason": reason})
            say(f"{each} holds the audit of {service} from what it publishes next.")


def _held() -> list[dict[str, Any]]:
    """What each service holds of the others."""
    found = [head for each in SERVICES for head in operator(each).get("/v1/audit/held")["held"]]
    return [{"service": head["of"], **{name: head[name] for name in _HEAD}} for head in found]


def _verified(service: str, noted: list[dict[str, Any]]) -> dict[str, Any]:
    own = [{name: head[name] for name in _HEAD} for head in noted if head["service"] == service]
    called = operator(service)
    answer: dict[str, Any] = called.post("/v1/audit/verify", {"heads": own}) if own else called.get("/v1/audit/verify")
    return answer


def _noted(file: Path) -> list[dict[str, Any]]:
    """What `ngao audit heads --json` printed. Raises Misconfigured for anything else."""
    try:
        found = json.loads(sys.stdin.read() if file == Path("-") else file.read_text("utf-8"))
        if found and all(head["service"] in SERVICES and {*_HEAD} <= head.keys() for head in found):
            return list(found)
    except OSError as error:
        raise Misconfigured(f"The file {file} cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Misconfigured(f"The file {file} holds no heads, as `ngao audit heads --json` prints them.")
