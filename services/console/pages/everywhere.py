"""One question to every service, for pages that show the platform as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort

from ngao.contracts import SERVICES

if TYPE_CHECKING:
    from services.console.pages.desk import Desk
    from services.console.pages.peers import Answer


def ask_everywhere(desk: Desk, path: str, scope: str) -> dict[str, Answer]:
    """Return what each service answers, by its name; nothing for a person who lacks the scope."""
    return {name: desk.ask(name, "GET", path, scope) for name in SERVICES} if desk.may(scope) else {}


def silent(answers: dict[str, Answer]) -> list[str]:
    """Return the services whose part a page has to do without, for `machinery.silent`."""
    return [name for name, answer in answers.items() if not answer.is_good]


def ask_one(desk: Desk, service: str, path: str, scope: str) -> dict[str, Answer]:
    """Return the same of one service, for a page that has nothing else to show and still says what is missing."""
    return {service: desk.ask(service, "GET", path, scope)}


def known_service(name: str) -> str:
    """Return the name of a service that an address has; one that there is not leads nowhere."""
    if name not in SERVICES:
        abort(404)
    return name
