"""The page of what was kept: each form as it was written, to be sent now or forgotten."""

from __future__ import annotations

from typing import Any

from services.console.kept.keep import forget_form
from services.console.kept.model import is_words
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.keeping import kept_here


@page("/kept")
def show_kept(desk: Desk) -> Any:
    """Show what this browser has kept for the person. Nothing is sent before the person has looked at it."""
    return desk.show("kept.html", kept=kept_here(desk.parts, desk.whose), is_words=is_words)


@page("/kept/forget", methods=("POST",))
def forget_kept(desk: Desk) -> Any:
    """Forget one."""
    forget_form(desk.parts, desk.whose, desk.typed.get("form", ""))
    return desk.go("/kept")
