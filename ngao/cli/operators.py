"""`ngao operator`: who may give commands."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.identity import new_key
from ngao.cli.output import AsJson, say, show
from ngao.cli.places import OperatorLists, deployment
from ngao.deployment.files import write_whole
from ngao.deployment.operators import entry
from ngao.kernel.scopes import ROLES, SCOPES

app = typer.Typer(
    no_args_is_help=True, help="Who may give these commands; each with a key of their own, named in the audit trail."
)
OperatorId = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, such as `night-desk`.")]


Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A scope, such as cases:read; may be given several times.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help=f"Several scopes at once: {', '.join(ROLES)}.")]


@app.command()
def add(operator_id: OperatorId, scope: Scopes = None, role: Roles = None) -> None:
    """Give another person a key for these commands. Only its hash is kept; the key is written once, to be handed over.

    Without a scope or a role the key opens nothing. Run again for a second key beside the first. The services know it at once.
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
    say(f"The key of {operator_id} is in {key_file}; hand it over on a safe way, then remove it. It counts at once.")


@app.command()
def allow(operator_id: OperatorId, scope: Scopes = None, role: Roles = None) -> None:
    """Replace what a person's keys may do; the keys stay. The services know it at once."""
    lists = OperatorLists(deployment())
    known, scopes = lists.entries(), _scopes(scope, role)
    if operator_id not in {each["id"] for each in known}:
        raise Misconfigured(_UNKNOWN)
    lists.write([{**each, "scopes": scopes} if each["id"] == operator_id else each for each in known])
    say(f"{operator_id} may do: {', '.join(scopes) or 'nothing'}.")


@app.command("scopes")
def list_scopes(as_json: AsJson = False) -> None:
    """Every scope, what it allows, and the roles that hold it."""
    rows = [
        {"scope": name, "allows": meaning, "roles": [role for role, held in ROLES.items() if name in held]}
        for name, meaning in SCOPES.items()
    ]
    show(rows, ("scope", "allows", "roles"), as_json=as_json, none="")


@app.command()
def remove(operator_id: OperatorId) -> None:
    """Take every key of a person away; they open nothing any more, at once."""
    lists = OperatorLists(deployment())
    known = lists.entries()
    kept = [each for each in known if each["id"] != operator_id]
    if len(kept) == len(known):
        raise Misconfigured(_UNKNOWN)
    if not kept:
        raise Misconfigured("This is the only operator there is: add another one first.")
    lists.write(kept)
    say(f"{operator_id} has no key any more.")


@app.command("list")
def list_operators(as_json: AsJson = False) -> None:
    """Who has a key, and for what."""
    known = OperatorLists(deployment()).entries()
    keys = Counter(each["id"] for each in known)
    scopes = {each["id"]: each["scopes"] for each in known}
    rows = [{"id": one, "keys": count, "scopes": scopes[one]} for one, count in keys.items()]
    show(rows, ("id", "keys", "scopes"), as_json=as_json, none="There is no operator yet; run `ngao up`.")


def _scopes(scopes: list[str] | None, roles: list[str] | None) -> list[str]:
    for kind, given, known in (("scope", scopes, SCOPES), ("role", roles, ROLES)):
        unknown = sorted(set(given or ()) - set(known))
        if unknown:
            raise Misconfigured(f"There is no {kind} {unknown[0]}; there is {', '.join(known)}.")
    return sorted({*(scopes or ()), *(each for role in roles or () for each in ROLES[role])})


_UNKNOWN = "There is no operator of that name; `ngao operator list` shows who there is."
