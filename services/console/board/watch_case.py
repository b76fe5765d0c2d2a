"""Whether a case has changed since its page was made, for the page's script: asked often, so it reads lists and no record."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from services.console.board.show_board import one_case
from services.console.pages.declaring import page
from services.console.pages.desk import Desk


@page("/c/<case:case_ref>/changed", scope="cases:read")
def watch_case(desk: Desk, case_ref: str) -> Any:
    """Return who owns the case now, or an answer without a body if it is as the reader saw it, or if a part is missing.

    A list that is read again and again is counted in the audit; a case that is read is an entry each time.
    """
    found = one_case(desk, case_ref)
    row = found.rows[0] if found.rows else None
    tag = row.tag if row else "none"
    if found.missing or request.if_none_match.contains_weak(tag):
        return Response(status=304)
    answer = jsonify(owner=row.owner if row else None)
    answer.set_etag(tag)
    return answer
