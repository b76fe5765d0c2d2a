"""`ngao audit`: prove that nobody changed what is on record."""

from __future__ import annotations

from typing import Any

import typer

from ngao.cli.calls import operator
from ngao.cli.output import AsJson, show
from ngao.deployment.names import SERVICES

app = typer.Typer(no_args_is_help=True, help="The audit trail: who did what, in hash chains.")


@app.callback()
def _group() -> None:
    """A group of its own, though it has one command yet."""


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Follow every chain of every service to its end. Exit code 1 when an entry was changed, removed or put in."""
    rows = [{"service": service, **_verified(service)} for service in SERVICES]
    show(rows, ("service", "whole", "entries", "chain", "n", "reason"), as_json=as_json, none="")
    if not all(row["whole"] for row in rows):
        raise typer.Exit(1)


def _verified(service: str) -> dict[str, Any]:
    answer: dict[str, Any] = operator(service).get("/v1/audit/verify")
    return answer
