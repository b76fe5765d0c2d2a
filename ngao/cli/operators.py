"""`ngao operator`: the people who may use these commands."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy
from ngao.chassis.security.identity import new_key
from ngao.chassis.security.roles import AtOdds, at_odds, read_roles, rights_of
from ngao.cli.locations import OperatorLists, deployment
from ngao.cli.output import AsJson, echo, show
from ngao.cli.policy import folders_here
from ngao.contracts.lists import LISTS
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.operators import entry
from ngao.kernel.scopes import SCOPES

app = typer.Typer(no_args_is_help=True, help="The people who may use these commands, each with a key of their own.")
OperatorId = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, such as `night-desk`.")]


Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A scope, such as cases:read. Can be repeated.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role of roles.yaml, such as duty-officer. Can be repeated.")]
Hubs = Annotated[list[str] | None, typer.Option("--hub", help="A county, for roles that reach a hub's cases. Can be repeated.")]


@app.command()
def add(operator_id: OperatorId, scope: Scopes = None, role: Roles = None, hub: Hubs = None) -> None:
    """Create a key for another operator. The services store only its hash; the key is written to a file once.

    Without a scope or a role the key permits nothing. Run it again for a second key. It works immediately.
    """
    lists = OperatorLists(deployment())
    known, allowed = lists.entries(), _allowed(scope, role, hub)
    try:
        key, hashed = new_key("operator", operator_id)
    except ValueError:
        raise Misconfigured("An operator's id is lower-case letters, digits and hyphens, such as `night-desk`.") from None
    key_file = lists.key_file(operator_id)
    write_whole(key_file, key + "\n")
    lists.write([*known, entry(operator_id, hashed, **allowed)])
    echo(f"Key of {operator_id}: {key_file}. Send it over a secure channel, then remove it. It works immediately.")


@app.command()
def allow(operator_id: OperatorId, scope: Scopes = None, role: Roles = None, hub: Hubs = None) -> None:
    """Replace the scopes, roles and hubs of an operator. The keys stay the same. The change works immediately."""
    lists = OperatorLists(deployment())
    known, allowed = lists.entries(), _allowed(scope, role, hub)
    if operator_id not in {each["id"] for each in known}:
        raise Misconfigured(_UNKNOWN)
    lists.write([entry(operator_id, each["hash"], **allowed) if each["id"] == operator_id else each for each in known])
    for name, words in allowed.items():
        echo(f"{name.capitalize()} of {operator_id}: {', '.join(words) or 'none'}.")


@app.command("scopes")
def list_scopes(as_json: AsJson = False) -> None:
    """List every scope with its meaning and the roles that include it."""
    roles = read_roles(folders_here())
    rows = [
        {"scope": name, "allows": meaning, "roles": [role for role, held in roles.items() if name in held.rights]}
        for name, meaning in SCOPES.items()
    ]
    show(rows, ("scope", "allows", "roles"), as_json=as_json, none="")


@app.command("roles")
def list_roles(as_json: AsJson = False) -> None:
    """List every role of the policy file `roles.yaml` with its work, its scopes and how far they reach."""
    rows = [
        {"role": name, "does": role.does, "scopes": [f"{scope} ({grant.reach})" for scope, grant in role.rights.items()]}
        for name, role in read_roles(folders_here()).items()
    ]
    show(rows, ("role", "does", "scopes"), as_json=as_json, none="")


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
    """List the operators with their keys, roles, scopes and hubs."""
    known = OperatorLists(deployment()).entries()
    keys = Counter(each["id"] for each in known)
    last = {each["id"]: each for each in known}
    rows = [{"id": one, "keys": count, **{name: last[one].get(name, []) for name in _HELD}} for one, count in keys.items()]
    show(rows, ("id", "keys", *_HELD), as_json=as_json, none="No operators yet. Run `ngao up`.")


def _allowed(scopes: list[str] | None, roles: list[str] | None, hubs: list[str] | None) -> dict[str, list[str]]:
    """Check what is given to an operator. Raises Misconfigured."""
    folders = folders_here()
    known = read_roles(folders) if roles else {}
    counties = load_policy(folders, {_COUNTIES: LISTS[_COUNTIES]})[_COUNTIES]["counties"] if hubs else {}
    for kind, given, names in (("scope", scopes, SCOPES), ("role", roles, known), ("county", hubs, counties)):
        unknown = sorted(set(given or ()) - set(names))
        if unknown:
            raise Misconfigured(f"Unknown {kind} {unknown[0]}. Choose from {', '.join(names)}.")
    if odd := at_odds(rights_of((), roles or (), known), hubs or ()):
        raise Misconfigured(_AT_ODDS[odd])
    return dict(zip(_HELD, (sorted(set(each or ())) for each in (roles, scopes, hubs)), strict=True))


_AT_ODDS = {
    AtOdds.NO_HUB: "This role reaches the cases of a hub. Give its county with --hub, as an ISO 3166-2 code.",
    AtOdds.NO_OUTSIDER: "This role is for people of a partner, who sign in at the console. Run `ngao staff invite`.",
}
_COUNTIES = "counties.yaml"
_HELD = ("roles", "scopes", "hubs")
_UNKNOWN = "Unknown operator. Run `ngao operator list`."
