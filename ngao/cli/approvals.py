"""`ngao approval`: what one operator asked for and another must approve."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from ngao.cli.accounts import keep_key
from ngao.cli.calls import Service, Url, one_or_all, operator
from ngao.cli.output import AsJson, say, show, show_json, show_one

app = typer.Typer(no_args_is_help=True, help="What one operator asked for and another must approve: look, approve, reject.")

ApprovalId = Annotated[str, typer.Argument(help="The id that `ngao approval list` shows.")]
SINGLE = (
    "One operator alone may change a partner's keys, take a revoked one back, make a source's key, lift a restriction, record a "
    "consent and drop a parked message: NGAO_APPROVALS=two demands a second one."
)
_KINDS = {"source_id": "source", "id": "partner"}


@app.command("list")
def list_approvals(
    service: Annotated[str | None, typer.Argument(help="One service; all four by default.")] = None,
    state: Annotated[str, typer.Option(help="waiting, executed, rejected, failed, expired or all.")] = "waiting",
    as_json: AsJson = False,
) -> None:
    """What waits, newest first: who asked for what, and until when it can be approved."""
    answers = {name: operator(name).get("/v1/approvals", state=state) for name in one_or_all(service)}
    rows = [{"service": name, **each} for name, answer in answers.items() for each in answer["approvals"]]
    show(rows, ("service", "id", "operation", "state", "asked_by", "expires_at"), as_json=as_json, none="Nothing waits.")
    if not as_json and any(answer["mode"] == "single" for answer in answers.values()):
        say(SINGLE)


@app.command("show")
def show_approval(service: Service, approval_id: ApprovalId, url: Url = None, as_json: AsJson = False) -> None:
    """One request with what it asks for; look at it before you approve. That you looked is in the audit trail."""
    show_one(operator(service, url).get(_path(approval_id)), as_json=as_json)


@app.command()
def approve(service: Service, approval_id: ApprovalId, url: Url = None) -> None:
    """Approve it: it is done at once, and once. Whoever asked cannot."""
    decided = operator(service, url).post(f"{_path(approval_id)}/approve", None)
    say(f"{decided['operation']} is done, as {decided['asked_by']} asked.")
    if decided["result_waits"]:
        say(f"{decided['asked_by']} takes its answer with `ngao approval result {service} {approval_id}`.")


@app.command()
def reject(
    service: Service,
    approval_id: ApprovalId,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail. Never a person's name.")],
    url: Url = None,
) -> None:
    """Decide that it is not done."""
    operator(service, url).post(f"{_path(approval_id)}/reject", {"reason": reason})
    say("It is not done.")


@app.command()
def result(service: Service, approval_id: ApprovalId, url: Url = None) -> None:
    """What it answered, once, and only for whoever asked. A new key goes into its account folder and is not printed."""
    answer: dict[str, Any] = operator(service, url).post(f"{_path(approval_id)}/result", None)
    key = answer.pop("key", None)
    for name, kind in _KINDS.items():
        if key and name in answer:
            say(f"Its HTTP key is in {keep_key(kind, answer[name], key)}; hand it over on a safe way.")
    show_json(answer)


def _path(approval_id: str) -> str:
    return f"/v1/approvals/{quote(approval_id, safe='')}"
