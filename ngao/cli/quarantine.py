"""`ngao quarantine`: bodies that no profile could read as reports, until somebody has decided about each."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ngao.cli.calls import Url, operator
from ngao.cli.output import AsJson, say, show, show_json, show_one

_HELP = """Bodies of forms that could not be read as reports: look, take in, or dismiss.

Each may be a call for help that nobody has answered yet. `list` shows why each could not be read; `show --reason case_work` opens
it. Mend the source's mapping profile and `replay` it: it is then a report like any other. If no profile can read it, post the
report yourself from what you read, and `dismiss` it.
"""
app = typer.Typer(no_args_is_help=True, help=_HELP)

HeldId = Annotated[str, typer.Argument(help="The id that `ngao quarantine list` shows.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit trail. Never a person's name.")]
_COLUMNS = ("quarantine_id", "source_id", "state", "reason", "left_out", "times", "posted_at")


@app.command("list")
def list_held(
    state: Annotated[str, typer.Option(help="waiting, replayed, dismissed, expired or all.")] = "waiting",
    source: Annotated[str | None, typer.Option(help="Of one source only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """What waits, newest first: from which source, why it could not be read, and how often it was posted. No content."""
    query = {"state": state, "limit": limit, **({"source": source} if source else {})}
    rows = operator("intake", url).get("/v1/quarantine", **query)["quarantine"]
    shown = rows if as_json else [_row(each) for each in rows]
    show(shown, _COLUMNS, as_json=as_json, none="Nothing is in quarantine.")


@app.command("show")
def show_held(
    held_id: HeldId,
    reason: Annotated[str | None, typer.Option(help="Also open it, for this code of identity.yaml; audited.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """One of them. With `--reason` also what was posted, names and contacts included: needs originals:read.

    With `--json` a body that is not UTF-8 is in base64; on the screen it is read as Windows-1252.
    """
    intake = operator("intake", url)
    held = intake.get(_path(held_id))
    if reason is None:
        show_one(held if as_json else _row(held), as_json=as_json)
        return
    original = intake.get(f"{_path(held_id)}/original", reason=reason)
    if as_json:
        show_json({**held, "original": original})
        return
    show_one(_row(held), as_json=False)
    say(f"\n{_text(original)}")


@app.command()
def replay(held_id: HeldId, reason: Reason, url: Url = None, as_json: AsJson = False) -> None:
    """Take it in, read through its source's profile as it is now. What still cannot be read stays, and is named.

    The report keeps the Idempotency-Key that the source gave the body: if the source posts it again, there is no second case.
    """
    receipt = operator("intake", url).post(f"{_path(held_id)}/replay", {"reason": reason})
    if as_json:
        show_json(receipt)
        return
    known = ", which was known already" if receipt["duplicate"] else ""
    say(f"It is case {receipt['case_ref']}, urgency {receipt['urgency']}{known}.")


@app.command()
def dismiss(held_id: HeldId, reason: Reason, url: Url = None) -> None:
    """Decide that nothing becomes of it: what was posted is destroyed. Another operator must approve, where two are demanded."""
    operator("intake", url).post(f"{_path(held_id)}/dismiss", {"reason": reason})
    say("It is dismissed, and what was posted is destroyed.")


def _path(held_id: str) -> str:
    return f"/v1/quarantine/{quote(held_id, safe='')}"


def _row(held: Mapping[str, Any]) -> dict[str, Any]:
    return {**held, "left_out": [f"{each['field']}: {each['code']}" for each in held["left_out"]]}


def _text(original: Mapping[str, Any]) -> str:
    if original["encoding"] == "utf-8":
        return str(original["body"])
    return b64decode(original["body"]).decode("cp1252", "replace")
