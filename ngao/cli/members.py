"""`ngao members`: import a table of members of networks, and export the members of a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ngao.chassis.errors import Misconfigured, readable
from ngao.cli.api_client import Url, operator
from ngao.cli.output import AsJson, echo, show, show_json

app = typer.Typer(no_args_is_help=True, help="Members of networks: import a table, export a hub.")

_COLUMNS = ("row", "outcome", "new", "probable", "wrong")


@app.command("import")
def import_members(
    file: Annotated[Path, typer.Argument(help="A table as CSV in UTF-8; the first row names the columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what each row would do, and store nothing.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Import members, each row by itself. The result names rows by number and no value.

    The exit code is 1 if a row was refused.
    """
    answer = operator("registry", url).post("/v1/members/import", {"table": _text_of(file), "dry_run": dry_run})
    if as_json:
        show_json(answer)
    else:
        show([_shown(each) for each in answer["rows"]], _COLUMNS, as_json=False, none="The table has no rows.")
        counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(answer["counts"].items()))
        echo(f"{counts or 'Nothing to do'}.{' Nothing was stored: this was a dry run.' if dry_run else ''}")
    raise typer.Exit(1 if answer["counts"].get("refused") else 0)


@app.command("export")
def export_members(
    network: Annotated[str, typer.Argument(help="The code of the network in networks.yaml.")],
    hub: Annotated[str, typer.Option(help="The code of the hub; without it, roles in the whole network.")] = "",
    reason: Annotated[str, typer.Option(help="Why: a code of identity.yaml. Recorded in the audit trail.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print the members of a hub who agreed to be seen, as CSV. Contacts only of those who agreed to that.

    Where two operators are required, another one approves first, and `ngao approval result` prints the table.
    """
    answer = operator("registry", url).post("/v1/members/export", {"network": network, "hub": hub, "reason": reason})
    show_json(answer) if as_json else echo(answer["table"].replace("\r\n", "\n").rstrip("\n"))


def _text_of(file: Path) -> str:
    """Return the text of a table. Raises Misconfigured, without anything of its content."""
    try:
        with readable(f"The file {file}"):
            return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Misconfigured(f"The file {file} is no CSV in UTF-8. Save the sheet as CSV UTF-8.") from None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    wrong = "; ".join(f"{each['column'] or 'row'}: {each['code']}. {each['detail']}" for each in row["errors"])
    return {**row, "new": "yes" if row["is_new"] else "", "probable": row["probable"] or "", "wrong": wrong}
