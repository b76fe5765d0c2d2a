"""Find the people who may own a case: those with an account at the console, and operators of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngao.chassis.security.identity import Principal
from ngao.chassis.security.staff_tokens import Staff
from ngao.kernel.scopes import HUB
from services.console.handover.model import Taker

if TYPE_CHECKING:
    from services.console.pages.desk import Desk

_SCOPE = "cases:write"


def takers(desk: Desk) -> list[Taker]:
    """Return who may take a case over now, by name, without the person who hands over; no one if she may not."""
    return [each for each in able(desk) if each.id != desk.person.account.id] if desk.may(_SCOPE) else []


def able(desk: Desk) -> list[Taker]:
    """Return everyone who may work on cases now, by name."""
    chassis = desk.parts.chassis
    staff, operators = chassis.staff, chassis.operators.value()
    open_accounts = [each for each in desk.parts.read().accounts.all() if each.is_open and not each.partner]
    people = [staff.person(Staff(each.id, each.roles, each.hubs)) for each in open_accounts]
    keys = [Principal("operator", name, key.rights, key.hubs) for name, key in operators.items() if key.enabled]
    found = {each.id: each for each in (*keys, *people)}
    return [taker for name in sorted(found) if (taker := _taker(found[name])) is not None]


def _taker(person: Principal) -> Taker | None:
    grant = person.rights.get(_SCOPE)
    if grant is None:
        return None
    return Taker(person.id, person.hubs if grant.reach == HUB else None)
