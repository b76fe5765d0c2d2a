"""`ngao quarantine`: form submissions that no mapping profile could read, for an operator's decision."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ngao.cli.api_client import Reason, Url, operator, path_of
from ngao.cli.output import AsJson, echo, show, show_json, show_one

_HELP = """Form submissions that could not be read as reports: list, replay, or dismiss.

Each may be an unanswered call for help. `list` shows the reasons; `show --reason case_work` opens one. Fix the source's mapping
profile and `replay` it: it becomes an ordinary report. If no profile can read it, post the report yourself and `dismiss` it.
"""
app = typer.Typer(no_args_is_help=True, help=_HELP)

HeldId = Annotated[str, typer.Argument(help="An id of `ngao quarantine list`.")]


@app.command("list")
def list_held(
    state: Annotated[str, typer.Option(help="waiting, replayed, dismissed, expired or all.")] = "waiting",
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The maximum number.")] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List submissions, newest first: the source, the reason, and the number of posts. Contents are not shown."""
    rows = operator("intake", url).get("/v1/quarantine", state=state, limit=limit, source=source or None)["quarantine"]
    columns = ("quarantine_id", "source_id", "state", "reason", "left_out", "times", "posted_at")
    show(rows if as_json else [_row(row) for row in rows], columns, as_json=as_json, none="The quarantine is empty.")


@app.command("show")
def show_held(
    held_id: HeldId,
    reason: Annotated[str | None, typer.Option(help="Also show the content: a code of identity.yaml. Audited.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show one submission. `--reason` also shows its content, with names and contacts, and needs originals:read.

    With `--json` a body that is not UTF-8 is base64. Without, it is shown as Windows-1252.
    """
    intake = operator("intake", url)
    held = intake.get(path_of("quarantine", held_id))
    if reason is None:
        show_one(held if as_json else _row(held), as_json=as_json)
        return
    original = intake.get(path_of("quarantine", held_id, "original"), reason=reason)
    if as_json:
        show_json({**held, "original": original})
        return
    show_one(_row(held), as_json=False)
    echo(f"\n{_text(original)}")


@app.command()
def replay(held_id: HeldId, reason: Reason, url: Url = None, as_json: AsJson = False) -> None:
    """Accept a submission through its source's current mapping profile. If it still cannot be read, it stays in quarantine.

    The report keeps the source's Idempotency-Key, so that the same submission posted again opens no second case.
    """
    receipt = operator("intake", url).post(path_of("quarantine", held_id, "replay"), {"reason": reason})
    known = ", a duplicate" if receipt["duplicate"] else ""
    accepted = f"Accepted as case {receipt['case_ref']}, urgency {receipt['urgency']}{known}."
    show_json(receipt) if as_json else echo(accepted)


@app.command()
def dismiss(held_id: HeldId, reason: Reason, url: Url = None) -> None:
    """Dismiss a submission and destroy its content. With NGAO_APPROVALS=two another operator must approve."""
    operator("intake", url).post(path_of("quarantine", held_id, "dismiss"), {"reason": reason})
    echo("Dismissed. The content is destroyed.")


def _row(held: Mapping[str, Any]) -> dict[str, Any]:
    return {**held, "left_out": [f"{each['field']}: {each['code']}" for each in held["left_out"]]}


def _text(original: Mapping[str, Any]) -> str:
    if original["encoding"] == "utf-8":
        return str(original["body"])
    return b64decode(original["body"]).decode("cp1252", "replace")
