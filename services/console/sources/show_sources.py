"""The pages of sources. They are changed on the command line, where a new key is written to a file and never shown."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_one, silent


@page("/sources", scope="sources:read", group="machinery", title=_l("Sources"))
def show_sources(desk: Desk) -> Any:
    """Show every source, and whether it may post."""
    found = ask_one(desk, "intake", "/v1/sources", "sources:read")
    return desk.show("sources.html", sources=found["intake"].body.get("sources", ()), missing=silent(found))


@page("/sources/<code:source_id>", scope="sources:read")
def show_source_page(desk: Desk, source_id: str) -> Any:
    """Show one source, and what of it could not be read; without its keys."""
    source = desk.known("intake", f"/v1/sources/{source_id}", "sources:read")
    held = desk.part("intake", f"/v1/quarantine?source={source_id}&limit=500", "quarantine:read")
    waiting = len(held.body.get("quarantine", ())) if held else 0
    return desk.show("source.html", source=source, waiting=waiting)
