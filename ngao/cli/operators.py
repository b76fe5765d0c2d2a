"""`ngao operator`: the people who may use these commands."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.identity import new_key
from ngao.cli.locations import OperatorLists, deployment
from ngao.cli.output import AsJson, echo, show
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.operators import entry
from ngao.kernel.scopes import ROLES, SCOPES

app = typer.Typer(no_args_is_help=True, help="The people who may use these commands, each with a key of their own.")
OperatorId = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, such as `night-desk`.")]


Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A scope, such as cases:read. Can be repeated.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help=f"A set of scopes: {', '.join(ROLES)}. Can be repeated.")]


@app.command()
def add(operator_id: OperatorId, scope: Scopes = None, role: Roles = None) -> None:
    """Create a key for another operator. The services store only its hash; the key is written to a file once.

    Without a scope or a role the key permits nothing. Run it again for a second key. It works immediately.
    """
    lists = OperatorLists(deployment())
    known, scopes = lists.entries(), _scopes(scope, role)
    try:
        key, hashed = new_key("operator", operator_id)
    except ValueError:
        raise Misconfigured("An operator's id is lower-case letters, digits and hyphens, such as `night-desk`.") from None
    key_file = lists.key_file(operator_id)
    write_whole(key_file, key + "\n")
    lists.write([*known, entry(operator_id, hashed, scopes)])
    echo(f"Key of {operator_id}: {key_file}. Send it over a secure channel, then remove it. It works immediately.")


@app.command()
def allow(operator_id: OperatorId, scope: Scopes = None, role: Roles = None) -> None:
    """Replace the scopes of an operator. The keys stay the same. The change works immediately."""
    lists = OperatorLists(deployment())
    known, scopes = lists.entries(), _scopes(scope, role)
    if operator_id not in {each["id"] for each in known}:
        raise Misconfigured(_UNKNOWN)
    lists.write([{**each, "scopes": scopes} if each["id"] == operator_id else each for each in known])
    echo(f"Scopes of {operator_id}: {', '.join(scopes) or 'none'}.")


@app.command("scopes")
def list_scopes(as_json: AsJson = False) -> None:
    """List every scope with its meaning and the roles that include it."""
    rows = [
        {"scope": name, "allows": meaning, "roles": [role for role, held in ROLES.items() if name in held]}
        for name, meaning in SCOPES.items()
    ]
    show(rows, ("scope", "allows", "roles"), as_json=as_json, none="")


@app.command()
def remove(operator_id: OperatorId) -> None:
    """Revoke every key of an operator immediately."""
    lists = OperatorLists(deployment())
    known = lists.entries()
    kept = [each for each in known if each["id"] != operator_id]
    if len(kept) == len(known):
        raise Misconfigured(_UNKNOWN)
    if not kept:
        raise Misconfigured("You cannot remove the only operator. Add another one first.")
    lists.write(kept)
    echo(f"Revoked all keys of {operator_id}.")


@app.command("list")
def list_operators(as_json: AsJson = False) -> None:
    """List the operators with their keys and scopes."""
    known = OperatorLists(deployment()).entries()
    keys = Counter(each["id"] for each in known)
    scopes = {each["id"]: each["scopes"] for each in known}
    rows = [{"id": one, "keys": count, "scopes": scopes[one]} for one, count in keys.items()]
    show(rows, ("id", "keys", "scopes"), as_json=as_json, none="No operators yet. Run `ngao up`.")


def _scopes(scopes: list[str] | None, roles: list[str] | None) -> list[str]:
    for kind, given, known in (("scope", scopes, SCOPES), ("role", roles, ROLES)):
        unknown = sorted(set(given or ()) - set(known))
        if unknown:
            raise Misconfigured(f"Unknown {kind} {unknown[0]}. Choose from {', '.join(known)}.")
    return sorted({*(scopes or ()), *(each for role in roles or () for each in ROLES[role])})


_UNKNOWN = "Unknown operator. Run `ngao operator list`."
