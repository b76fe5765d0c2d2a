"""`ngao officer`: the people who are notified when a case needs a human."""

from __future__ import annotations

from typing import Annotated

import typer

from ngao.cli.api_client import operator
from ngao.cli.output import AsJson, echo, show

app = typer.Typer(no_args_is_help=True, help="Duty officers: the people who are notified when a case needs a human.")

_PERSON = (
    "An id of the escalation ladder, such as `duty-officer`, `deputy` or `coordinator`. Or the id of an operator, "
    "to be notified when a case that they own is reopened."
)


@app.command()
def add(
    person: Annotated[str, typer.Argument(help=_PERSON)],
    email: Annotated[str, typer.Option(help="The person's address. Mails carry no personal data.")],
    language: Annotated[str, typer.Option(help="The language of the mails: en or sw.")] = "en",
) -> None:
    """Add or change one person of the roster. The address is stored sealed."""
    operator("notify").put(f"/v1/roster/duty-officers/{person}", {"email": email, "language": language})
    echo(f"Saved {person} on the roster.")


@app.command()
def remove(person: Annotated[str, typer.Argument(help="An id of `ngao officer list`.")]) -> None:
    """Remove a person from the roster. By default the address is destroyed immediately; see `retention.yaml`."""
    operator("notify").delete(f"/v1/roster/duty-officers/{person}")
    echo(f"Removed {person} from the roster.")


@app.command("list")
def list_officers(as_json: AsJson = False) -> None:
    """List the roster with partners' contacts. Addresses are masked."""
    rows = operator("notify").get("/v1/roster")["roster"]
    show(rows, ("kind", "id", "channel", "language", "address"), as_json=as_json, none="The roster is empty.")
