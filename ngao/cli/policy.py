"""`ngao policy`: the rules that a coalition sets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ngao.chassis.security.roles import read_roles
from ngao.cli.locations import OperatorLists, deployment
from ngao.cli.output import AsJson, print_error, show
from ngao.deployment.checks.policy import read_as_services
from ngao.deployment.operators import roles_at_fault
from ngao.local.home import REPOSITORY, Home

app = typer.Typer(no_args_is_help=True, help="The coalition's rules: triage, matching, deadlines, notifications.")

SHIPPED = REPOSITORY / "deploy" / "policy"


@app.command()
def check(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders in order; a file of a later folder overlays or replaces an earlier one. "
            "Default: deploy/policy, NGAO_HOME/policy."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load the policy files as the services do at startup, without starting them.

    The exit code is 1 if a service would not start, if no service reads a file, or if the roles of an operator do not fit. Each
    error names the file and the key.
    """
    read = tuple(folders or folders_here())
    rows, wrong = read_as_services(read, SHIPPED)
    wrong += [] if wrong else roles_at_fault(OperatorLists(deployment()).entries_so_far(), read_roles(read))
    for sentence in wrong:
        print_error(sentence)
    if wrong:
        raise typer.Exit(1)
    show(rows, ("service", "version"), as_json=as_json, none="")


def folders_here() -> tuple[Path, ...]:
    """Return the folders of this installation's policy: a deployment's NGAO_POLICY, or the shipped one and its own, if any."""
    if deployed := os.environ.get("NGAO_POLICY"):
        return (Path(deployed),)
    own = Home.from_environment().policy
    return (SHIPPED, own) if own.is_dir() else (SHIPPED,)
