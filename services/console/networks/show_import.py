"""The page on which a table of members is tried, and then imported: a result for each row."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _

from services.console.pages.declaring import page
from services.console.pages.desk import Desk

_IMPORTS = "imports:write"
_NOW = "now"


@page("/networks/import", scope=_IMPORTS)
def ask_members(desk: Desk) -> Any:
    """Ask for a table."""
    return desk.show("member_import.html")


@page("/networks/import", methods=("POST",), scope=_IMPORTS)
def import_members(desk: Desk) -> Any:
    """Try the table, or import it if that was asked for after the trial. Nothing is stored by a trial."""
    sent = request.files.get("file")
    try:
        table = (sent.read().decode("utf-8-sig") if sent else "") or desk.typed.get("table", "")
    except UnicodeDecodeError:
        return desk.show("member_import.html", 422, wrong=_("This is no CSV in UTF-8. Save the sheet as CSV UTF-8."))
    if not table.strip():
        return desk.show("member_import.html", 422, wrong=_("Paste the rows, or choose a file."))
    dry_run = desk.typed.get("do") != _NOW
    answer = desk.ask("registry", "POST", "/v1/members/import", _IMPORTS, {"table": table, "dry_run": dry_run})
    if answer.status in (400, 413, 422):
        code = next((str(each["code"]) for each in answer.body.get("errors", ())), "")
        return desk.show("member_import.html", 422, table=table, refused=code or "other")
    if not answer.is_good:
        return desk.done("/networks/import", answer)
    return desk.show("member_import.html", table=table if dry_run else "", result=answer.body)
