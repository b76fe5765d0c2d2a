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
from ngao.deployment.names import OPERATOR_SCOPES
from ngao.deployment.operators import entry

app = typer.Typer(
    no_args_is_help=True, help="Who may give these commands; each with a key of their own, named in the audit trail."
)
OperatorId = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, such as `night-desk`.")]


@app.command()
def add(
    operator_id: OperatorId,
    scope: Annotated[list[str] | None, typer.Option(help="identity:read shows who a defender is; none by default.")] = None,
) -> None:
    """Give another person a key for these commands. Only its hash is kept; the key is written once, to be handed over.

    Run again for a second key beside the first. The services know it at once.
    """
    lists = OperatorLists(deployment())
    known = lists.entries()
    unknown = sorted(set(scope or ()) - set(OPERATOR_SCOPES))
    if unknown:
        raise Misconfigured(f"There is no scope {unknown[0]}; there is {', '.join(OPERATOR_SCOPES)}.")
    try:
        key, hashed = new_key("operator", operator_id)
    except ValueError:
        raise Misconfigured("An operator's id is lower-case letters, digits and hyphens, such as `night-desk`.") from None
    key_file = lists.key_file(operator_id)
    write_whole(key_file, key + "\n")
    lists.write([*known, entry(operator_id, hashed, scope or ())])
    say(f"The key of {operator_id} is in {key_file}; hand it over on a safe way, then remove it. It counts at once.")


@app.command()
def remove(operator_id: OperatorId) -> None:
    """Take every key of a person away; they open nothing any more, at once."""
    lists = OperatorLists(deployment())
    known = lists.entries()
    kept = [each for each in known if each["id"] != operator_id]
    if len(kept) == len(known):
        raise Misconfigured("There is no operator of that name; `ngao operator list` shows who there is.")
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
