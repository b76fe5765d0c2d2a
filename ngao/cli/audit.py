"""`ngao audit`: prove that no recorded entry was changed."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli.api_client import OneService, one_or_all, operator, require_service
from ngao.cli.output import AsJson, echo, show
from ngao.deployment.naming import SERVICES

app = typer.Typer(no_args_is_help=True, help="The audit trail of each service, in hash chains: heads, verify, accept.")

From = Annotated[
    Path | None, typer.Option("--from", help="Heads saved earlier from `ngao audit heads --json`; - is standard input.")
]
_HEAD = ("chain", "n", "hash")


@app.command()
def heads(service: OneService = None, as_json: AsJson = False) -> None:
    """Print the current head of each chain. Save the output where this platform cannot write.

    An attacker who shortens a chain cannot change a saved head. `ngao audit verify --from` compares the chain with it.

        bin/ngao audit heads --json > heads-2026-11-29.json
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [
        {"service": each, **head, "noted_at": at}
        for each in one_or_all(service)
        for head in operator(each).get("/v1/audit/heads")["heads"]
    ]
    show(rows, ("service", *_HEAD, "key"), as_json=as_json, none="There are no audit entries yet.")


@app.command()
def verify(service: OneService = None, noted: From = None, as_json: AsJson = False) -> None:
    """Verify every chain of every service against the heads that the other services hold, and against those in the file.

    The exit code is 1 if an entry was changed, removed or inserted, or was not made with a key of its service. `unkeyed` counts
    entries from a version without such keys. With --json, `keyed_from` is the first keyed number of each chain.

        bin/ngao audit verify --from heads-2026-11-29.json
    """
    known = (_noted(noted) if noted else []) + ([] if service else _held())
    rows = [{"service": each, **_verified(each, known)} for each in one_or_all(service)]
    show(rows, ("service", "whole", "entries", "unkeyed", "chain", "n", "reason"), as_json=as_json, none="")
    if not all(row["whole"] for row in rows):
        raise typer.Exit(1)


@app.command()
def accept(
    service: Annotated[str, typer.Argument(help="The service whose audit trail was restored.")],
    reason: Annotated[str, typer.Option(help="Why its chains changed. Recorded in the audit trail.")],
) -> None:
    """Accept a service's audit trail as it is after a restore. Until then the other services warn that it was cut off.

    Accept only a change that you can explain. See docs/runbooks/audit-head-moved.md.
    """
    require_service(service)
    for each in SERVICES:
        if each != service and any(head["of"] == service for head in operator(each).get("/v1/audit/held")["held"]):
            operator(each).post(f"/v1/audit/held/{service}/accept", {"reason": reason})
            echo(f"{each} accepts the audit trail of {service} from its next published head.")


def _held() -> list[dict[str, Any]]:
    """Return the heads that each service holds of the others."""
    found = [head for service in SERVICES for head in operator(service).get("/v1/audit/held")["held"]]
    return [{"service": head["of"], **{name: head[name] for name in _HEAD}} for head in found]


def _verified(service: str, noted: list[dict[str, Any]]) -> dict[str, Any]:
    own = [{name: head[name] for name in _HEAD} for head in noted if head["service"] == service]
    called = operator(service)
    return dict(called.post("/v1/audit/verify", {"heads": own}) if own else called.get("/v1/audit/verify"))


def _noted(file: Path) -> list[dict[str, Any]]:
    """Read the output of `ngao audit heads --json`. Raises Misconfigured for anything else."""
    try:
        found = json.loads(sys.stdin.read() if file == Path("-") else file.read_text("utf-8"))
        if found and all(head["service"] in SERVICES and {*_HEAD} <= head.keys() for head in found):
            return list(found)
    except OSError as error:
        raise Misconfigured(f"Cannot read the file {file} ({error.strerror}).") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Misconfigured(f"The file {file} has no audit heads. It must be the output of `ngao audit heads --json`.")
