"""`ngao policy`: the rules that a coalition owns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.chassis.retention import check_services
from ngao.cli.output import AsJson, complain, show
from ngao.local.home import REPOSITORY, Home
from services.intake import policy as intake
from services.notify import policy_files as notify
from services.referral import policies as referral
from services.registry import policy as registry

app = typer.Typer(no_args_is_help=True, help="The rules a coalition decides: triage, matching, deadlines, notifications.")

_SHIPPED = REPOSITORY / "deploy" / "policy"
_FREE_FOLDER = "profiles"


def _referral(folders: tuple[Path, ...]) -> str:
    referral.read_retention(folders)
    return referral.load_rules(folders)[0].version


def _notify(folders: tuple[Path, ...]) -> str:
    notify.read_retention(folders)
    return notify.read_policy(folders).version


# What each service does with the files at its start; gives the version that it will store with every result.
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
            help="Folders in order, a later one's file in place of an earlier one's; else deploy/policy and NGAO_HOME/policy."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the policy files as the four services do at their start, and start nothing.

    Exit code 1, with a sentence for each service that would not start, naming file and key; also for a file that no
    service would read.
    """
    rows, wrong = look(tuple(folders) if folders else folders_here())
    for sentence in wrong:
        complain(sentence)
    if wrong:
        raise typer.Exit(1)
    show(rows, ("service", "version"), as_json=as_json, none="")


def folders_here() -> tuple[Path, ...]:
    """The files that came with Ngao, then this installation's own, where there are any."""
    own = Home.from_environment().policy
    return (_SHIPPED, own) if own.is_dir() else (_SHIPPED,)


def look(folders: tuple[Path, ...]) -> tuple[list[dict[str, str]], list[str]]:
    """The version that each service would go by, and a sentence for each one that would not start and each stray file."""
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
    """A misspelt name would leave the old rules standing, and nobody would hear of it."""
    known = {path.name for path in _SHIPPED.glob("*.yaml")}
    for folder in folders:
        if not folder.is_dir():
            raise Misconfigured(f"There is no folder {folder}.")
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            place = path.relative_to(folder)
            profile = place.parent.name == _FREE_FOLDER and len(place.parts) == 2 and path.suffix == ".yaml"
            if str(place) not in known and not profile:
                yield f"No service reads {path}: it must be named as a file of deploy/policy, or be {_FREE_FOLDER}/<name>.yaml."
