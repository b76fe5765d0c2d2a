"""`ngao up`, `down`, `restart`, `status`, `logs`: the platform on this machine."""

from __future__ import annotations

import sys
import time
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from ngao.chassis.errors import NotFound
from ngao.cli.api_client import Service, operator, require_service
from ngao.cli.approvals import SINGLE
from ngao.cli.output import AsJson, echo, print_error, progress, show
from ngao.deployment.naming import SERVICES
from ngao.local.configuration import approvals_mode
from ngao.local.home import Home
from ngao.local.platform import Part, Platform

app = typer.Typer()


@app.command(rich_help_panel="Run")
def up() -> None:
    """Start RabbitMQ, MongoDB and the services on this machine.

    It starts only the parts that do not run, so run it again after an interruption. All data is in NGAO_HOME (default: .ngao in
    the repository). NGAO_SERVICES selects the services to start (default: all). `NGAO_PORT_<NAME>` sets a port, such
    as NGAO_PORT_INTAKE.
    """
    platform = Platform.at(Home.from_environment())
    platform.up(progress())
    echo(f"Ngao runs in {platform.home.root}. Operator key: secrets/operator.key. Run `ngao status` for the addresses.")
    for sentence in (sentence for part in platform.status() for sentence in part.warnings):
        print_error(sentence)


@app.command(rich_help_panel="Run")
def down() -> None:
    """Stop everything that `up` started. Services stop first, so that they finish their work. Data is kept."""
    Platform.at(Home.from_environment()).down(progress())
    echo("Nothing of Ngao is running.")


@app.command(rich_help_panel="Run")
def restart(
    services: Annotated[list[str] | None, typer.Argument(help=f"Some of {', '.join(SERVICES)}. Default: all.")] = None,
) -> None:
    """Restart services, so that they reload policy, settings and keys.

    Broker and database keep running. Events wait in their queues meanwhile, and a source that posts over HTTP retries.
    """
    chosen = tuple(services or SERVICES)
    for name in chosen:
        require_service(name)
    platform = Platform.at(Home.from_environment())
    platform.restart(progress(), chosen)
    echo(f"Restarted {', '.join(chosen)}.")


@app.command(rich_help_panel="Run")
def status(as_json: AsJson = False) -> None:
    """Show every part with its state, its address and open work for an operator. The exit code is 1 if a part is not ready."""
    parts = Platform.at(Home.from_environment()).status()
    rows = [
        {"part": part.name, "state": _state(part), "pid": part.pid, "address": part.address, "warnings": list(part.warnings)}
        for part in parts
    ]
    show(rows, ("part", "state", "pid", "address"), as_json=as_json, none="Nothing is set up here. Run `ngao up`.")
    for sentence in (sentence for part in parts for sentence in part.warnings):
        print_error(sentence)
    if parts and not as_json and approvals_mode(Home.from_environment()) == "single":
        echo(SINGLE)
    if not parts or not all(part.ready for part in parts):
        raise typer.Exit(1)


@app.command(rich_help_panel="Run")
def url(service: Service) -> None:
    """Print the address of one service, for scripts: `curl $(ngao url intake)/readyz`."""
    echo(operator(service).url)


@app.command(rich_help_panel="Run")
def logs(
    part: Annotated[str, typer.Argument(help=f"{', '.join(SERVICES)}, rabbitmq or mongod.")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="The number of lines, from the end.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new lines until Ctrl-C.")] = False,
) -> None:
    """Print the last lines of one part's log."""
    path = Home.from_environment().logs / f"{Path(part).name}.log"
    if not path.exists():
        raise NotFound(f"No log at {path}. Run `ngao status` to see the parts.")
    with path.open(encoding="utf-8", errors="replace") as file:
        sys.stdout.writelines(deque(file, lines))
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            time.sleep(0.3)


def _state(part: Part) -> str:
    return "ready" if part.ready else "not ready" if part.pid else "stopped"
