"""`ngao policy`: the rules that a coalition sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.chassis.retention import check_services
from ngao.cli.output import AsJson, print_error, show
from ngao.local.home import REPOSITORY, Home
from services.intake import policy as intake
from services.notify import policy as notify
from services.referral import policy as referral
from services.registry import policy as registry

app = typer.Typer(no_args_is_help=True, help="The coalition's rules: triage, matching, deadlines, notifications.")

_SHIPPED = REPOSITORY / "deploy" / "policy"
_FREE_FOLDER = "profiles"


def _referral(folders: tuple[Path, ...]) -> str:
    referral.read_retention(folders)
    referral.load_vocabulary(folders)
    return referral.load_rules(folders)[0].version


def _notify(folders: tuple[Path, ...]) -> str:
    notify.read_retention(folders)
    return notify.read_policy(folders).version


# Each service's startup loader. It returns the version that the service stores with every result.
_LOADERS: Mapping[str, Callable[[tuple[Path, ...]], str]] = {
    "intake": lambda folders: intake.load(folders).version,
    "referral": _referral,
    "notify": _notify,
    "registry": lambda folders: registry.read_policy(folders).version,
}


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
    """Load the policy files as the four services do at startup, without starting them.

    The exit code is 1 if a service would not start, or if no service reads a file. Each error names the file and the key.
    """
    rows, wrong = look(tuple(folders) if folders else folders_here())
    for sentence in wrong:
        print_error(sentence)
    if wrong:
        raise typer.Exit(1)
    show(rows, ("service", "version"), as_json=as_json, none="")


def folders_here() -> tuple[Path, ...]:
    """Return the folder of the shipped policy, and this installation's own if it exists."""
    own = Home.from_environment().policy
    return (_SHIPPED, own) if own.is_dir() else (_SHIPPED,)


def look(folders: tuple[Path, ...]) -> tuple[list[dict[str, str]], list[str]]:
    """Return the policy version of each service, and an error for each service that would not start and each unused file."""
    rows, wrong = [], list(_unread(folders))
    for service, load in _LOADERS.items():
        try:
            rows.append({"service": service, "version": load(folders)})
        except Misconfigured as error:
            wrong.append(f"{service} would not start: {error}")
    try:
        check_services(folders, tuple(_LOADERS))
    except Misconfigured as error:
        wrong.append(str(error))
    return rows, wrong


def _unread(folders: Sequence[Path]) -> Iterator[str]:
    """Yield an error for each file that no service reads: with a misspelt name, the old rules would silently apply."""
    known = {path.name for path in _SHIPPED.glob("*.yaml")}
    for folder in folders:
        if not folder.is_dir():
            raise Misconfigured(f"The folder {folder} does not exist.")
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            place = path.relative_to(folder)
            profile = place.parent.name == _FREE_FOLDER and len(place.parts) == 2 and path.suffix == ".yaml"
            if str(place) not in known and not profile:
                yield f"No service reads {path}. Name it like a file of deploy/policy, or {_FREE_FOLDER}/<name>.yaml."
