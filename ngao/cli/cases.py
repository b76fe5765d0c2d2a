"""`ngao case` and `ngao message`: the course of a report, and the people who were notified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from ngao.chassis.errors import NotFound
from ngao.cli.api_client import Refused, Url, operator, path_of
from ngao.cli.output import AsJson, echo, show, show_json

app = typer.Typer(no_args_is_help=True, help="Cases, by reference: state and timeline.")
message = typer.Typer(no_args_is_help=True, help="Notifications, by reference: recipient, state and reason.")

CaseRef = Annotated[str, typer.Argument(help="A case reference, such as NG-4CJY0RRPKP.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="The maximum number, newest first.")]

_LINE = "{urgency}, {county}, {state}{why}, since {created_at}"
_NO_OWNER = "No one owns it"


@app.command("list")
def list_cases(
    state: Annotated[str | None, typer.Option(help="waiting, open or closed; all by default.")] = None,
    owner: Annotated[str | None, typer.Option(help="An operator; or none: cases that no one owns, closed ones aside.")] = None,
    limit: Limit = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List cases, newest first, each with its owner and its next deadline."""
    rows = operator("referral", url).get("/v1/cases", limit=limit, state=state or None, owner=owner)["cases"]
    if not as_json:
        rows = [{**row, "needs": _needs(row)} for row in rows]
    columns = ("case_ref", "state", "urgency", "county", "needs", "owner", "created_at", "next_deadline")
    show(rows, columns, as_json=as_json, none="No cases found.")


@app.command("show")
def show_case(
    case_ref: CaseRef,
    reason: Annotated[str, typer.Option(help="Why you read it: a code of identity.yaml. Audited.")] = "case_work",
    narrative: Annotated[bool, typer.Option("--narrative", help="Also show the narrative; needs narrative:read.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show one case: the violations, every step so far, the partners, and the reasons. Reading it is recorded in the audit trail.

    The report comes from intake and needs reports:read. Without that scope the rest is shown. `--url` is referral's.
    """
    case = operator("referral", url).get(path_of("cases", case_ref))
    case["report"] = _report(case_ref, reason)
    if narrative:
        case["told"] = operator("intake").get(path_of("cases", case_ref, "narrative"), reason=reason)
    if as_json:
        show_json(case)
        return
    why = f" ({case['closed_reason']})" if case["closed_reason"] else ""
    echo(f"{case_ref}: {_LINE.format(**{**case, 'why': why})}")
    echo(f"{_owner(case)}.")
    echo(f"Needs: {_needs(case)}\n")
    _print_report(case)
    offers = [{**offer, "why": _texts(offer["reasons"])} for offer in case["offers"]]
    show(offers, ("partner_id", "need", "attempt", "state", "due", "why"), as_json=False, none="No partner has been asked yet.")
    echo("")
    show(case["story"], ("at", "actor", "text"), as_json=False, none="The timeline is empty.")


@app.command()
def own(
    case_ref: CaseRef,
    to: Annotated[str | None, typer.Option(help="The operator who is to own it. Default: you.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Take over a case, or hand it over with --to. The owner sees to it that the case moves on.

    It is recorded in the timeline and the audit trail. Check the name of the other operator: it is not looked up.
    """
    referral = operator("referral", url)
    case = referral.post(path_of("cases", case_ref, "owner"), {"owner": to or referral.caller})
    if as_json:
        show_json(case)
    else:
        echo(f"{case_ref}: {_owner(case)}.")


@app.command()
def urgency(
    case_ref: CaseRef,
    to: Annotated[str, typer.Option(help="low, medium, high or critical.")],
    reason: Annotated[str, typer.Option(help="Why: a code of decision_reasons in triage.yaml. Recorded in the audit trail.")],
    url: Url = None,
) -> None:
    """Raise or lower the urgency of a case. A higher urgency notifies people as a first report of that urgency does."""
    asked = {"urgency": to, "reason": reason}
    decided = operator("intake", url).post(path_of("cases", case_ref, "urgency"), asked)
    echo(f"Changed the urgency of {case_ref} from {decided['urgency_before']} to {decided['urgency']}.")


@message.command("list")
def list_messages(
    case_ref: Annotated[str | None, typer.Option("--case", help="Only messages of this case.")] = None,
    state: Annotated[str | None, typer.Option(help="queued, sending, sent, failed, refused, covered or acknowledged.")] = None,
    limit: Limit = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first, without addresses and texts."""
    rows = operator("notify", url).get("/v1/messages", case_ref=case_ref, state=state, limit=limit)["messages"]
    columns = ("reference", "case_ref", "recipient_kind", "recipient_ref", "template", "state", "reason", "escalate_at")
    show(rows, columns, as_json=as_json, none="No messages found.")


@message.command()
def acknowledge(
    reference: Annotated[str, typer.Argument(help="The reference in the message, such as 5F93-8FB1.")],
    url: Url = None,
) -> None:
    """Acknowledge a message, so that it is not escalated."""
    notify = operator("notify", url)
    found = notify.get("/v1/messages", reference=reference)["messages"]
    if len(found) != 1:
        raise NotFound(f"{len(found) or 'No'} messages have this reference. Run `ngao message list`.")
    seen = notify.post(f"/v1/messages/{found[0]['message_id']}/acknowledge", {})
    echo(f"{reference} was acknowledged by {seen['acknowledged_by']}.")


def _report(case_ref: str, reason: str) -> dict[str, Any]:
    try:
        return dict(operator("intake").get(path_of("cases", case_ref, "report"), reason=reason))
    except Refused as refused:
        return {"refused": str(refused)}


def _print_report(case: Mapping[str, Any]) -> None:
    report = case["report"]
    if "refused" in report:
        echo(f"The report cannot be shown: {report['refused']}\n")
        return
    if flags := report.get("flags"):
        echo(f"FLAGS: {', '.join(flags)}. Run `ngao case flags {case['case_ref']}`.\n")
    show(report["violations"], ("label", "ongoing", "against", "perpetrators"), as_json=False, none="No violation is recorded.")
    echo(f"Why {report['urgency']}: {_texts(report['reasons'])}")
    _print_gaps(report)
    narrative = case.get("told")
    if narrative:
        echo(f"\n{narrative['narrative'] or 'There is no narrative.'}")
        show(narrative["attachments"], ("name", "media_type", "url"), as_json=False, none="There are no attachments.")
    echo("")


def _print_gaps(report: Mapping[str, Any]) -> None:
    doubt, left_out = report.get("date_doubt"), report.get("left_out")
    if doubt:
        stated = f"; {doubt['stated']} was stated" if doubt["stated"] else ""
        echo(f"The date is doubtful ({doubt['reason']}{stated}). The time of submission is used instead.")
    if left_out:
        named = ", ".join(f"{each['field']} ({each['code']})" for each in left_out)
        echo(f"Some fields of the form could not be read. Left out: {named}")


def _needs(case: Mapping[str, Any]) -> str:
    return ", ".join(f"{each['need']} {each['state']}" for each in case["needs"])


def _owner(case: Mapping[str, Any]) -> str:
    return f"{case['owner']} owns it, since {case['owned_since']}" if case.get("owner") else _NO_OWNER


def _texts(reasons: Iterable[Mapping[str, Any]]) -> str:
    return " ".join(reason["text"] for reason in reasons)
