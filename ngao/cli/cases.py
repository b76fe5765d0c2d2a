"""`ngao case` and `ngao message`: what became of a report, and who was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ngao.chassis.errors import NotFound
from ngao.cli.calls import Refused, Url, operator
from ngao.cli.output import AsJson, say, show, show_json

app = typer.Typer(no_args_is_help=True, help="Cases, by reference: where each stands, and its story.")
message = typer.Typer(no_args_is_help=True, help="Messages, by reference: who was told, who was not, and why.")

CaseRef = Annotated[str, typer.Argument(help="A case reference, such as NG-4CJY0RRPKP.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many, the newest first.")]

_LINE = "{urgency}, {county}, {state}{why}, since {created_at}"


@app.command("list")
def list_cases(
    state: Annotated[str | None, typer.Option(help="waiting, open or closed; all by default.")] = None,
    limit: Limit = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Cases, the newest first, and the next moment at which something happens by itself."""
    query = {"limit": limit, **({"state": state} if state else {})}
    rows = operator("referral", url).get("/v1/cases", **query)["cases"]
    if not as_json:
        rows = [{**each, "needs": _needs(each)} for each in rows]
    columns = ("case_ref", "state", "urgency", "county", "needs", "created_at", "next_deadline")
    show(rows, columns, as_json=as_json, none="There is no such case.")


@app.command("show")
def show_case(
    case_ref: CaseRef,
    reason: Annotated[str, typer.Option(help="Why you read it, a code of identity.yaml; kept in the audit trail.")] = "case_work",
    narrative: Annotated[bool, typer.Option("--narrative", help="Also what was told in words; needs narrative:read.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """One case: what happened, every step so far, who took it, and why. Whoever asks is noted in the audit trail.

    What happened comes from intake and needs reports:read; without that scope the rest is shown. `--url` is referral's.
    """
    case = operator("referral", url).get(f"/v1/cases/{quote(case_ref, safe='')}")
    case["report"] = _report(case_ref, reason)
    if narrative:
        case["told"] = operator("intake").get(f"/v1/cases/{quote(case_ref, safe='')}/narrative", reason=reason)
    if as_json:
        show_json(case)
        return
    why = f" ({case['closed_reason']})" if case["closed_reason"] else ""
    say(f"{case_ref}: {_LINE.format(**{**case, 'why': why})}")
    say(f"Needs: {_needs(case)}\n")
    _say_what_happened(case)
    offers = [{**each, "why": _why(each)} for each in case["offers"]]
    show(offers, ("partner_id", "need", "attempt", "state", "due", "why"), as_json=False, none="Nobody has been asked yet.")
    say("")
    show(case["story"], ("at", "actor", "text"), as_json=False, none="It has no story yet.")


@app.command()
def urgency(
    case_ref: CaseRef,
    to: Annotated[str, typer.Option(help="low, medium, high or critical.")],
    reason: Annotated[str, typer.Option(help="Why, a code of decision_reasons in triage.yaml; kept in the audit trail.")],
    url: Url = None,
) -> None:
    """Raise or lower the urgency of a case. A higher one wakes people as a first report of that urgency does."""
    asked = {"urgency": to, "reason": reason}
    decided = operator("intake", url).post(f"/v1/cases/{quote(case_ref, safe='')}/urgency", asked)
    say(f"{case_ref} was {decided['urgency_before']} and is {decided['urgency']}.")


@message.command("list")
def list_messages(
    case_ref: Annotated[str | None, typer.Option("--case", help="Of one case.")] = None,
    state: Annotated[str | None, typer.Option(help="queued, sending, sent, failed, refused, covered or acknowledged.")] = None,
    limit: Limit = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Messages, the newest first. Neither addresses nor texts are shown."""
    asked = {"case_ref": case_ref, "state": state, "limit": limit}
    query = {name: value for name, value in asked.items() if value is not None}
    rows = operator("notify", url).get("/v1/messages", **query)["messages"]
    columns = ("reference", "case_ref", "recipient_kind", "recipient_ref", "template", "state", "reason", "escalate_at")
    show(rows, columns, as_json=as_json, none="There is no such message.")


@message.command()
def acknowledge(
    reference: Annotated[str, typer.Argument(help="The reference that stands in the message, such as 5F93-8FB1.")],
    url: Url = None,
) -> None:
    """Say that a message has been seen, so that nobody further up the ladder is told."""
    notify = operator("notify", url)
    found = notify.get("/v1/messages", reference=reference)["messages"]
    if len(found) != 1:
        raise NotFound(f"{len(found) or 'No'} messages have this reference; see `ngao message list`.")
    seen = notify.post(f"/v1/messages/{found[0]['message_id']}/acknowledge", {})
    say(f"{reference} is acknowledged by {seen['acknowledged_by']}.")


def _report(case_ref: str, reason: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = operator("intake").get(f"/v1/cases/{quote(case_ref, safe='')}/report", reason=reason)
    except Refused as refused:
        return {"refused": str(refused)}
    return found


def _say_what_happened(case: Mapping[str, Any]) -> None:
    report = case["report"]
    if "refused" in report:
        say(f"What happened is not shown: {report['refused']}\n")
        return
    show(report["violations"], ("label", "ongoing", "against", "perpetrators"), as_json=False, none="No violation is known.")
    say(f"Why {report['urgency']}: {' '.join(each['text'] for each in report['reasons'])}")
    _say_what_is_not_known(report)
    told = case.get("told")
    if told:
        say(f"\n{told['narrative'] or 'There is no narrative.'}")
        show(told["attachments"], ("name", "media_type", "url"), as_json=False, none="There are no attachments.")
    say("")


def _say_what_is_not_known(report: Mapping[str, Any]) -> None:
    doubt, left_out = report.get("date_doubt"), report.get("left_out")
    if doubt:
        stated = f"; {doubt['stated']} was stated" if doubt["stated"] else ""
        say(f"The date is doubtful ({doubt['reason']}{stated}): it counts as the time of submission.")
    if left_out:
        named = ", ".join(f"{each['field']} ({each['code']})" for each in left_out)
        say(f"The form says more than could be read. Left out: {named}")


def _needs(case: Mapping[str, Any]) -> str:
    return ", ".join(f"{each['need']} {each['state']}" for each in case["needs"])


def _why(offer: Mapping[str, Any]) -> str:
    return " ".join(each["text"] for each in offer["reasons"])
