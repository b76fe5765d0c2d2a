"""`ngao staff`: the people who sign in at the console."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ngao.cli.api_client import Reason, Url, operator, path_of
from ngao.cli.output import AsJson, echo, show

app = typer.Typer(no_args_is_help=True, help="The people who sign in at the console: invitations, roles, closed accounts.")
AccountId = Annotated[str, typer.Argument(help="The name to sign in with: lower-case letters, digits, hyphens.")]
Roles = Annotated[list[str], typer.Option("--role", help="A role of roles.yaml, such as duty-officer. Can be repeated.")]
Hubs = Annotated[list[str] | None, typer.Option("--hub", help="A county, for roles that reach a hub's cases. Can be repeated.")]
Partner = Annotated[str, typer.Option("--partner", help="The id of a partner, for a person of it: with --role partner-staff.")]
Language = Annotated[str, typer.Option(help="en or sw: the language of the pages.")]

_COLUMNS = ("id", "state", "roles", "hubs", "partner", "language", "passkeys", "has_password", "has_organisation", "created_at")


@app.command()
def invite(  # noqa: PLR0917 - each is an option of the command
    account_id: AccountId, role: Roles, hub: Hubs = None, partner: Partner = "", language: Language = "en", url: Url = None
) -> None:
    """Invite a person. The code is shown once; it sets the account up, once, within 48 hours.

    The name is in audits and on cases, so it need not be the person's own. Give the code to the person directly.

    A person of a partner sees and answers the offers to that partner, and nothing else:
    `ngao staff invite NAME --role partner-staff --partner haki-legal`.
    """
    body = {"id": account_id, "roles": sorted(set(role)), "hubs": sorted(set(hub or ())), "language": language}
    body |= {"partner": partner} if partner else {}
    _tell(operator("console", url).post("/v1/accounts", body))


@app.command("invite-again")
def invite_again(account_id: AccountId, url: Url = None) -> None:
    """Let a person set the account up again, because phone or password is lost. All sessions end."""
    _tell(operator("console", url).post(path_of("accounts", account_id, "invitation"), {}))


@app.command()
def roles(account_id: AccountId, role: Roles, hub: Hubs = None, url: Url = None) -> None:
    """Replace a person's roles and hubs. The change is valid from the next page."""
    body = {"roles": sorted(set(role)), "hubs": sorted(set(hub or ()))}
    changed = operator("console", url).put(path_of("accounts", account_id, "roles"), body)
    echo(f"Roles of {account_id}: {', '.join(changed['roles'])}.")


@app.command()
def close(account_id: AccountId, reason: Reason, url: Url = None) -> None:
    """Let a person sign in no more, and end all sessions. `ngao staff invite-again` opens the account again."""
    operator("console", url).post(path_of("accounts", account_id, "close"), {"reason": reason})
    echo(f"Closed the account {account_id}.")


@app.command("list")
def list_accounts(url: Url = None, as_json: AsJson = False) -> None:
    """List the accounts with their roles, and whether they are set up."""
    rows = operator("console", url).get("/v1/accounts")["accounts"]
    show(rows, _COLUMNS, as_json=as_json, none="No accounts yet. Run `ngao staff invite`.")


def _tell(invited: dict[str, Any]) -> None:
    echo(f"The code for {invited['id']}, until {invited['expires_at']}: {invited['code']}")
    echo("It is not shown again. Give it to the person directly: its holder sets the account up, at /welcome of the web pages.")
