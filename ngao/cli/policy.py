"""`ngao policy`: the rules that a coalition owns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

from ngao.chassis.errors import Misconfigured
from ngao.cli.output import say
from ngao.local.home import REPOSITORY

app = typer.Typer(no_args_is_help=True, help="The rules a coalition decides: triage, matching, deadlines, notifications.")


@app.command()
def check(
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders in order; a later one replaces whole files.")] = None,
) -> None:
    """Check policy files the way the services do at their start; exit code 1 names file and key."""
    chosen = folders or [REPOSITORY / "deploy" / "policy"]
    files = sorted(path for folder in chosen for path in folder.rglob("*.yaml"))
    if not files:
        raise Misconfigured(f"There is no policy file in {chosen[0]}.")
    for path in files:
        _check_yaml(path)
    say(f"{len(files)} policy files are in order.")


def _check_yaml(path: Path) -> None:
    try:
        yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        raise Misconfigured(f"The policy file {path} is not YAML{at}.") from None
