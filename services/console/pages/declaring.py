"""A page declares its own address, scope and place, above its function; the application collects them.

    @page("/board", scope="cases:read", group="now", title=_l("Board"))
    def show_board(desk: Desk) -> str:

A feature adds pages in a folder of its own and changes no list: beside its functions are its `templates/`, its Swahili in `sw.po`
and, where it has any, its `assets/`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l

F = TypeVar("F", bound=Callable[..., Any])
DECLARED = "__ngao_page__"
GROUPS = {"now": _l("Now"), "network": _l("Network"), "machinery": _l("Machinery"), "record": _l("Record"), "own": _l("Own")}
"""The groups of the menu with their headings, in their order."""


@dataclass(frozen=True)
class Page:
    """One page. `scope` is what the person needs; empty for all who are signed in. `anyone` may see it without signing in.

    A form that `has_own_proof` carries what proves that this browser asked for it instead of the token of forms.
    With a `group` and a `title` a page is in the menu of those who may open it. With `of` and a `title` it is on the page of
    what it is about, such as a `defender`, whose reference is in its path. `home` is where a person begins who may open this
    page and not the first one.
    """

    path: str
    run: Callable[..., Any]
    methods: tuple[str, ...]
    scope: str
    anyone: bool
    group: str
    title: Any
    home: bool = False
    has_own_proof: bool = False
    of: str = ""

    @property
    def name(self) -> str:
        """The name of the route."""
        return self.run.__name__


def page(
    path: str,
    *,
    methods: tuple[str, ...] = ("GET",),
    scope: str = "",
    anyone: bool = False,
    group: str = "",
    title: Any = "",
    home: bool = False,
    has_own_proof: bool = False,
    of: str = "",
) -> Callable[[F], F]:
    """Declare that a function shows the page at a path, or does what a form there asks for."""
    if group and group not in GROUPS:
        raise TypeError(f"{path}: group is one of {', '.join(GROUPS)}")

    def declare(function: F) -> F:
        setattr(function, DECLARED, Page(path, function, methods, scope, anyone, group, title, home, has_own_proof, of))
        return function

    return declare


def pages_in(module: ModuleType) -> list[Page]:
    """Return every page that the modules of a package declare. Raises TypeError for two of one name.

    Only functions are looked at: a proxy of Flask refuses every question outside of a request.
    """
    found: dict[str, Page] = {}
    for each in _modules(module):
        for value in vars(each).values():
            declared: Page | None = getattr(value, DECLARED, None) if type(value) is FunctionType else None
            if declared is not None and declared.run.__module__ == each.__name__:
                if declared.name in found:
                    raise TypeError(f"{each.__name__}: another page is called {declared.name}")
                found[declared.name] = declared
    return list(found.values())


def folders_of(module: ModuleType, name: str) -> list[Path]:
    """Return the folders of this name that the features of a package have, and the files for one that is a file's name."""
    return sorted(each for root in module.__path__ for each in Path(root).rglob(name))


def _modules(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}."):
        yield from _modules(import_module(found.name))
