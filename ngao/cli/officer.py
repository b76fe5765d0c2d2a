"""`ngao officer`: the people who are told when a human must look."""

from __future__ import annotations

from typing import Annotated

import typer

from ngao.cli.calls import operator
from ngao.cli.output import AsJson, say, show

app = typer.Typer(no_args_is_help=True, help="Duty officers: who is told when a human must look.")

_PERSON = (
    "An id of a ladder, such as `duty-officer`, `deputy` or `coordinator`; or an operator's id, for whoever acknowledges alarms "
    "and is to be notified when such a case is opened again."
)


@app.command()
def add(
    person: Annotated[str, typer.Argument(help=_PERSON)],
    email: Annotated[str, typer.Option(help="Where the person reads mail that says nothing.")],
    language: Annotated[str, typer.Option(help="Of the templates: en or sw.")] = "en",
) -> None:
    """Add or change one person of the roster. The address is sealed where it is kept."""
    operator("notify").put(f"/v1/roster/duty-officers/{person}", {"email": email, "language": language})
    say(f"{person} is on the roster.")


@app.command()
def remove(person: Annotated[str, typer.Argument(help="An id of the roster, as `ngao officer list` shows it.")]) -> None:
    """Take a person off the roster; `retention.yaml` says when the address is destroyed: as shipped, at once."""
    operator("notify").delete(f"/v1/roster/duty-officers/{person}")
    say(f"{person} is off the roster.")


@app.command("list")
def list_officers(as_json: AsJson = False) -> None:
    """The roster, partners' contacts included, addresses masked."""
    rows = operator("notify").get("/v1/roster")["roster"]
    show(rows, ("kind", "id", "channel", "language", "address"), as_json=as_json, none="Nobody is on the roster yet.")
