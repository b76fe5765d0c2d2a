"""The menu: the pages that a person may open, by group; and the few of them that the bar of a phone has room for."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import GROUPS, Page, page
from services.console.pages.desk import Desk

_FIRST = ("/", "/report", "/roster")
"""What people need at night, by address: the first in a phone's bar, where they may open it."""
_ROOM = 3
"""So many fit beside *More*."""


@page("/more")
def show_more(desk: Desk) -> Any:
    """Show the whole menu on a page of its own, for phones; and the languages."""
    return desk.show("more.html")


@page("/help/safety", anyone=True, group="own", title=_l("What Leave cannot hide"))
def show_safety(desk: Desk) -> Any:
    """Show what remains on a device and elsewhere after *Leave now*, also to people who are not signed in."""
    return desk.show("safety.html")


def groups(pages: list[Page]) -> list[tuple[Any, list[Page]]]:
    """Return the menu: each heading with its pages. Empty for a person who is not signed in."""
    shown = _shown(pages)
    grouped = ((title, [each for each in shown if each.group == group]) for group, title in GROUPS.items())
    return [(title, found) for title, found in grouped if found]


def bar(pages: list[Page]) -> list[Page]:
    """Return the pages in the bar of a phone: what is needed at night, then the first ones of the menu. *More* has one's own."""
    shown = [each for each in _shown(pages) if each.group != "own"]
    return sorted(shown, key=lambda each: _FIRST.index(each.path) if each.path in _FIRST else len(_FIRST))[:_ROOM]


def _shown(pages: list[Page]) -> list[Page]:
    desk = g.get("desk")
    if desk is None or desk.signed_in is None or desk.is_locked:
        return []
    order = list(GROUPS)
    return sorted((each for each in pages if each.group and desk.may(each.scope)), key=lambda each: order.index(each.group))
