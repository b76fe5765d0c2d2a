"""`ngao checkin`: signs of life that were agreed with people, and the answers that they give by other ways than their link."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ngao.chassis.errors import InvalidInput, readable
from ngao.cli.api_client import Url, operator, path_of
from ngao.cli.output import AsJson, echo, show, show_json

app = typer.Typer(no_args_is_help=True, help="Signs of life that were agreed with people: what is due, and answers.")

CheckinId = Annotated[str, typer.Argument(help="The id of a check-in, such as CHK-4QX9RT0V2M.")]
DefenderRef = Annotated[str, typer.Argument(help="A person's reference, such as DEF-4CJY0RRPKP.")]
_COLUMNS = ("checkin_id", "state", "kind", "due_at", "daily", "next_at", "defender_ref")


@app.command("list")
def list_checkins(
    defender_ref: Annotated[str | None, typer.Option("--defender", help="Those of one person, ended ones too.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the check-ins that are not over, by when they are due."""
    path = path_of("defenders", defender_ref, "checkins") if defender_ref else "/v1/checkins"
    rows = operator("registry", url).get(path)["checkins"]
    show(rows, _COLUMNS, as_json=as_json, none="No check-ins found.")


@app.command("plan")
def plan_checkin(
    defender_ref: DefenderRef,
    file: Annotated[Path | None, typer.Option(help="The plan as JSON. Default: standard input.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Agree on a check-in with a person, from a plan in JSON, and print the secret of her link once.

    The plan has `kind` (checkins.yaml), `due` (a time of the clock, 2026-12-24T18:00), `safe_word` and `help_word`; and if you
    like `zone`, `daily`, `until`, `grace_minutes`, `verify_minutes`, `county`, `needs`, `share`, `contacts` and `note`. It is no
    argument of the command, because every user of the machine can see arguments.
    """
    made = operator("registry", url).post(path_of("defenders", defender_ref, "checkins"), read_json(file))
    if as_json:
        show_json(made)
        return
    echo(f"{made['checkin_id']}: due {made['due_at']}. Her page at the console is /k/{made['link']}, shown this once.")


@app.command("answer")
def answer_checkin(checkin_id: CheckinId, url: Url = None) -> None:
    """Pass on the word that a person has said or sent, from standard input. It says the same whichever of her words it is."""
    operator("registry", url).post(path_of("checkins", checkin_id, "answers"), {"word": sys.stdin.readline().strip()})
    echo("Received.")


@app.command("verified")
def verify_checkin(
    checkin_id: CheckinId,
    safe: Annotated[bool, typer.Option("--safe/--unknown", help="What the people whom she trusts say.")],
    url: Url = None,
) -> None:
    """Record what the people say whom the person trusts: she is safe, or they do not know, so that it is reported now."""
    shown = operator("registry", url).post(path_of("checkins", checkin_id, "verified"), {"is_safe": safe})
    echo(f"{checkin_id} is {shown['state']}.")


@app.command("end")
def end_checkin(checkin_id: CheckinId, url: Url = None) -> None:
    """End a check-in: nothing is expected any more. The word that asks for help still does."""
    operator("registry", url).delete(path_of("checkins", checkin_id))
    echo(f"{checkin_id} is ended.")


def read_json(file: Path | None) -> Any:
    """Read a document from a file or from standard input. Raises InvalidInput, Misconfigured."""
    if file is None:
        text = sys.stdin.read()
    else:
        with readable(f"The file {file}"):
            text = file.read_text("utf-8")
    try:
        return json.loads(text)
    except ValueError:
        raise InvalidInput("The document is no JSON.") from None
