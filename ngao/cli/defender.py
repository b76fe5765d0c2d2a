"""`ngao defender`: what a source may know of a person whose case it will report on again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from ngao.cli.calls import Url, operator
from ngao.cli.output import AsJson, say, show_json

app = typer.Typer(no_args_is_help=True, help="Persons, by reference; their names stay in the registry.")


@app.callback()
def _group() -> None:
    """Keep the name of the one command."""


@app.command("reference")
def reference(
    defender_ref: Annotated[str, typer.Argument(help="A person's reference, such as DEF-4CJY0RRPKP.")],
    source: Annotated[str, typer.Option(help="The source that is to report about the person again.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print the reference that this source, and no other, may put into subject.defender_ref.

    It is the same each time. It opens no contact by itself: for that, record the person's consent.
    """
    path = f"/v1/defenders/{quote(defender_ref, safe='')}/source-references"
    given = operator("registry", url).post(path, {"source_id": source})
    show_json(given) if as_json else say(given["reference"])
