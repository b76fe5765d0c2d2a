"""The menu: the pages that a person may open, by group; and the few of them that the bar of a phone has room for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby, islice
from typing import Any

from flask import g
from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import GROUPS, Page, page
from services.console.pages.desk import Desk

_FIRST = ("/", "/report", "/roster")
"""What people need at night, by address: the first in a phone's bar, where they may open it."""
_VARIABLE = re.compile(r"<[^>]+>")
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


def menu_of(pages: Iterable[Page]) -> dict[str, Callable[[], Any]]:
    """Return what templates ask for, `menu`, `bar` and `parts_of`: of these pages, in their order, each reader is shown her own.

    Each group begins with what is needed at night. So does the bar, which then has the first ones of the menu; one's own pages
    are behind *More*.
    """
    order = list(GROUPS)
    listed = sorted((each for each in pages if each.group), key=lambda each: (order.index(each.group), _rank(each)))
    below = sorted((each for each in listed if each.group != "own"), key=_rank)
    parts = sorted((each for each in pages if each.of), key=lambda each: each.path)
    return {"menu": partial(_groups, listed), "bar": partial(_bar, below), "parts_of": partial(_parts, parts)}


def _groups(pages: list[Page]) -> list[tuple[Any, list[Page]]]:
    """Return each heading with its pages. Empty for a person who is not signed in."""
    return [(GROUPS[group], list(found)) for group, found in groupby(_shown(pages), key=lambda each: each.group)]


def _parts(pages: list[Page], kind: str, ref: str) -> list[tuple[str, Any]]:
    """Return address and title of each page about one record of this kind that the reader may open."""
    return [(_VARIABLE.sub(ref, each.path), each.title) for each in _shown(each for each in pages if each.of == kind)]


def _bar(pages: list[Page]) -> list[Page]:
    return list(islice(_shown(pages), _ROOM))


def _shown(pages: Iterable[Page]) -> Iterator[Page]:
    desk = g.get("desk")
    is_here = desk is not None and desk.signed_in is not None and not desk.is_locked
    return (each for each in pages if is_here and desk.may(each.scope))


def _rank(each: Page) -> int:
    return _FIRST.index(each.path) if each.path in _FIRST else len(_FIRST)
