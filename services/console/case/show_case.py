"""The page of a case, its story, its offers, its messages, and its print view."""

from __future__ import annotations

from typing import Any

from ngao.kernel.actors import Actor
from services.console.board.model import URGENCIES, Row, messages_of, row_of, unseen_alarms
from services.console.case.model import SETTLED_BECAUSE, flags_of, is_asked, lacks_consent, latest, left_out, waiting_offers
from services.console.handover.takers import takers
from services.console.pages.declaring import page
from services.console.pages.desk import Desk


@page("/c/<case:case_ref>", scope="cases:read")
def show_case(desk: Desk, case_ref: str) -> Any:
    """Show a case. Its report and flags come from intake, its alarms from notify: what is missing is named."""
    case = desk.known("referral", f"/v1/cases/{case_ref}", "cases:read")
    reason = desk.reason("reports:read")
    report = desk.part("intake", f"/v1/cases/{case_ref}/report?reason={reason}", "reports:read")
    flags = desk.part("intake", f"/v1/cases/{case_ref}/flags?reason={reason}", "reports:read")
    messages = desk.part("notify", messages_of(case_ref), "messages:read")
    sent = messages.body.get("messages", ()) if messages else ()
    return desk.show(
        "case.html", case=case, row=row_of(case, unseen_alarms(sent).get(case_ref, [])), offers=waiting_offers(case),
        report=report.body if report and report.is_good else None, flags=flags_of(flags.body) if flags else [],
        numbers={"story": len(case["story"]), "notes": flags.body.get("notes", 0) if flags else 0, "messages": len(sent)},
        missing=sorted({each.service for each in (report, flags, messages) if each is not None and each.is_missing}),
        reasons=SETTLED_BECAUSE, urgencies=URGENCIES, decisions=desk.parts.policy.decision_reasons, latest=latest,
        is_asked=is_asked, lacks_consent=lacks_consent(case), purposes=desk.reasons("reports:read"),
        takers=[each.id for each in takers(desk) if each.may_take(case["county"])],
    )  # fmt: skip


@page("/c/<case:case_ref>/story", scope="cases:read")
def show_story(desk: Desk, case_ref: str) -> Any:
    """Show every step of a case with its reasons, the newest first."""
    case = desk.known("referral", f"/v1/cases/{case_ref}", "cases:read")
    return desk.show("story.html", case=case, row=row_of(case))


@page("/c/<case:case_ref>/offers", scope="cases:read")
def show_case_offers(desk: Desk, case_ref: str) -> Any:
    """Show each offer with why this partner, and for each need that is not settled, who else fits and why the others do not."""
    case = desk.known("referral", f"/v1/cases/{case_ref}", "cases:read")
    match = desk.ask("referral", "GET", f"/v1/cases/{case_ref}/match", "cases:read")
    return desk.show(
        "case_offers.html", case=case, row=row_of(case), match=match.body.get("matches", ()), left_out=left_out,
        is_asked=is_asked, missing=[match.service] if match.is_missing else [],
    )  # fmt: skip


@page("/c/<case:case_ref>/messages", scope="messages:read")
def show_case_messages(desk: Desk, case_ref: str) -> Any:
    """Show what was sent about a case, to whom, and whether it was seen; never an address or a text."""
    listed = desk.known("notify", messages_of(case_ref), "messages:read")
    if not listed["messages"] and desk.may("cases:read"):
        desk.known("referral", f"/v1/cases/{case_ref}", "cases:read")
    return desk.show("case_messages.html", case_ref=case_ref, messages=listed["messages"])


@page("/c/<case:case_ref>/print", methods=("POST",), scope="reports:read")
def print_case(desk: Desk, case_ref: str) -> Any:
    """Show a case for paper, in codes, without identity, narrative and notes. The reason is on record here and at intake."""
    reason = desk.choice("reason", desk.reasons("reports:read"))
    case = desk.known("referral", f"/v1/cases/{case_ref}", "cases:read")
    report = desk.known("intake", f"/v1/cases/{case_ref}/report?reason={reason}", "reports:read")
    actor = Actor.operator(desk.person.account.id)
    desk.parts.run(lambda ctx: ctx.audit("case.printed", subject=case_ref, actor=actor, detail={"reason": reason}))
    row: Row = row_of(case)
    return desk.show("print.html", case=case, row=row, report=report, reason=reason)
