"""`ngao approval`: requests of one operator that another operator must approve."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ngao.cli.accounts import save_key
from ngao.cli.api_client import OldService, OneService, Reason, Service, Url, one_or_all, operator, path_of
from ngao.cli.output import AsJson, echo, show, show_json, show_one

app = typer.Typer(no_args_is_help=True, help="Requests that another operator must approve: list, approve, reject.")

ApprovalId = Annotated[str, typer.Argument(help="The id from `ngao approval list`.")]
SINGLE = (
    "One operator alone can change a partner's keys, reinstate a revoked partner, create a source's key, lift a restriction, "
    "record a consent and drop a parked message. Set NGAO_APPROVALS=two to require a second operator."
)
_KINDS = {"source_id": "source", "id": "partner"}


@app.command("list")
def list_approvals(
    old_service: OldService = None,
    service: OneService = None,
    state: Annotated[str, typer.Option(help="waiting, executed, rejected, failed, expired or all.")] = "waiting",
    as_json: AsJson = False,
) -> None:
    """List requests, newest first: the operator, the operation, and when the request expires."""
    answers = {name: operator(name).get("/v1/approvals", state=state) for name in one_or_all(service or old_service)}
    rows = [{"service": name, **approval} for name, answer in answers.items() for approval in answer["approvals"]]
    show(rows, ("service", "id", "operation", "state", "asked_by", "expires_at"), as_json=as_json, none="No requests.")
    if not as_json and any(answer["mode"] == "single" for answer in answers.values()):
        echo(SINGLE)


@app.command("show")
def show_approval(service: Service, approval_id: ApprovalId, url: Url = None, as_json: AsJson = False) -> None:
    """Show one request with its content. Read it before you approve it. Reading it is recorded in the audit trail."""
    show_one(operator(service, url).get(path_of("approvals", approval_id)), as_json=as_json)


@app.command()
def approve(service: Service, approval_id: ApprovalId, url: Url = None) -> None:
    """Approve a request. It is carried out immediately and once. You cannot approve your own request."""
    decided = operator(service, url).post(path_of("approvals", approval_id, "approve"), None)
    echo(f"Approved. {decided['operation']} is carried out for {decided['asked_by']}.")
    if decided["result_waits"]:
        echo(f"{decided['asked_by']} gets the result with `ngao approval result {service} {approval_id}`.")


@app.command()
def reject(service: Service, approval_id: ApprovalId, reason: Reason, url: Url = None) -> None:
    """Reject a request. It is not carried out."""
    operator(service, url).post(path_of("approvals", approval_id, "reject"), {"reason": reason})
    echo("Rejected.")


@app.command()
def result(service: Service, approval_id: ApprovalId, url: Url = None) -> None:
    """Fetch the result of your own request, once. A new key is written to its account folder and is not printed."""
    answer: dict[str, Any] = operator(service, url).post(path_of("approvals", approval_id, "result"), None)
    key = answer.pop("key", None)
    for name, kind in _KINDS.items():
        if key and name in answer:
            echo(f"HTTP key: {save_key(kind, answer[name], key)}. Send it over a secure channel.")
    show_json(answer)
