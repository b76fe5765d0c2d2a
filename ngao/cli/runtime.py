"""`ngao up`, `down`, `restart`, `status`, `logs`: the platform on this machine."""

from __future__ import annotations

import sys
import time
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from ngao.chassis.errors import NotFound
from ngao.cli.approvals import SINGLE
from ngao.cli.calls import Service, demand_known, operator
from ngao.cli.output import AsJson, complain, progress, say, show
from ngao.deployment.names import SERVICES
from ngao.local.configuration import approvals_mode
from ngao.local.home import Home
from ngao.local.platform import Part, Platform

app = typer.Typer()


@app.command(rich_help_panel="Run")
def up() -> None:
    """Start RabbitMQ, MongoDB and the four services on this machine.

    What runs already is left alone, so a run that was interrupted is resumed by running it again. Everything lives in
    NGAO_HOME (default: .ngao in the repository). NGAO_SERVICES names the services to start (default: all four);
    NGAO_PORT_<NAME> fixes a port, such as NGAO_PORT_INTAKE.
    """
    platform = Platform.at(Home.from_environment())
    platform.up(progress())
    say(f"Ngao is up in {platform.home.root}. The operator's key is in secrets/operator.key; `ngao status` shows the addresses.")
    for sentence in (sentence for part in platform.status() for sentence in part.warnings):
        complain(sentence)


@app.command(rich_help_panel="Run")
def down() -> None:
    """Stop everything that `up` started; services first, so that they finish what they are at. Data stays."""
    Platform.at(Home.from_environment()).down(progress())
    say("Nothing of Ngao is running.")


@app.command(rich_help_panel="Run")
def restart(
    services: Annotated[list[str] | None, typer.Argument(help=f"Some of {', '.join(SERVICES)}; all by default.")] = None,
) -> None:
    """Stop services and start them again, so that they read policy, settings and keys anew.

    Broker and database go on; events wait in their queues meanwhile, and a source that posts over HTTP tries again.
    """
    chosen = tuple(services or SERVICES)
    for name in chosen:
        demand_known(name)
    platform = Platform.at(Home.from_environment())
    platform.stop_services(progress(), chosen)
    platform.up(progress())
    say(f"Started again: {', '.join(chosen)}.")


@app.command(rich_help_panel="Run")
def status(as_json: AsJson = False) -> None:
    """What runs, where, and what of it waits for an operator. Exit code 1 when a part is not ready."""
    parts = Platform.at(Home.from_environment()).status()
    rows = [
        {"part": part.name, "state": _state(part), "pid": part.pid, "address": part.address, "warnings": list(part.warnings)}
        for part in parts
    ]
    show(rows, ("part", "state", "pid", "address"), as_json=as_json, none="Nothing is set up here; run `ngao up`.")
    for sentence in (sentence for part in parts for sentence in part.warnings):
        complain(sentence)
    if parts and not as_json and approvals_mode(Home.from_environment()) == "single":
        say(SINGLE)
    if not parts or not all(part.ready for part in parts):
        raise typer.Exit(1)


@app.command(rich_help_panel="Run")
def url(service: Service) -> None:
    """The address of one service, for scripts: `curl $(ngao url intake)/readyz`."""
    say(operator(service).url)


@app.command(rich_help_panel="Run")
def logs(
    part: Annotated[str, typer.Argument(help="intake, referral, notify, registry, rabbitmq or mongod.")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")] = False,
) -> None:
    """The last lines of one part's log."""
    path = Home.from_environment().logs / f"{Path(part).name}.log"
    if not path.exists():
        raise NotFound(f"There is no log {path}; the parts are those of `ngao status`.")
    with path.open(encoding="utf-8", errors="replace") as file:
        sys.stdout.writelines(deque(file, lines))
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            time.sleep(0.3)


def _state(part: Part) -> str:
    return "ready" if part.ready else "not ready" if part.pid else "stopped"
