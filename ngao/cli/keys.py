"""`ngao keys` and `ngao operator`: what the services seal with, and who may give commands."""

from __future__ import annotations

from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.identity import load_operators, new_key
from ngao.cli.output import AsJson, say, show
from ngao.deployment.files import write_whole
from ngao.deployment.names import OPERATOR_SCOPES
from ngao.deployment.operators import as_text, entries_in, entry
from ngao.local.configuration import operators_file, write_keys
from ngao.local.home import Home

app = typer.Typer(no_args_is_help=True, help="The keys that the services seal with, one file each.")
operators = typer.Typer(
    no_args_is_help=True, help="Who may give these commands; each with a key of their own, named in the audit trail."
)


@app.command()
def init() -> None:
    """Make this month's keys where they do not exist yet, in NGAO_HOME/keys. No key is ever overwritten.

    `ngao up` does it too. The services use new keys from their next start, see `ngao restart`; earlier ones must stay as long as
    anything is sealed with them.
    """
    home = Home.from_environment()
    home.make()
    write_keys(home)
    say(f"The keys are in {home.keys}: {', '.join(sorted({path.stem for path in home.keys.rglob('*.key')}))}.")


@operators.command()
def add(
    operator_id: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, such as `night-desk`.")],
    scope: Annotated[list[str] | None, typer.Option(help="identity:read shows who a defender is; none by default.")] = None,
) -> None:
    """Give another person a key for these commands. Only its hash is kept; the key is written once, to be handed over.

    Run again for a second key beside the first. Takes effect when the services start again: `ngao restart`.
    """
    home = Home.from_environment()
    path = operators_file(home)
    if not path.exists():
        raise Misconfigured(f"There is no list of operators at {path}: run `ngao up` first.")
    unknown = sorted(set(scope or ()) - set(OPERATOR_SCOPES))
    if unknown:
        raise Misconfigured(f"There is no scope {unknown[0]}; there is {', '.join(OPERATOR_SCOPES)}.")
    try:
        key, hashed = new_key("operator", operator_id)
    except ValueError:
        raise Misconfigured("An operator's id is lower-case letters, digits and hyphens, such as `night-desk`.") from None
    key_file = home.secrets / f"operator-{operator_id}.key"
    write_whole(key_file, key + "\n")
    write_whole(path, as_text([*entries_in(path), entry(operator_id, hashed, scope or ())]))
    say(f"The key of {operator_id} is in {key_file}; hand it over on a safe way, then remove it. `ngao restart` makes it count.")


@operators.command("list")
def list_operators(as_json: AsJson = False) -> None:
    """Who has a key, and for what."""
    known = load_operators(operators_file(Home.from_environment())).values()
    rows = [{"id": each.id, "keys": len(each.hashes), "scopes": list(each.scopes)} for each in known]
    show(rows, ("id", "keys", "scopes"), as_json=as_json, none="There is no operator yet; run `ngao up`.")
