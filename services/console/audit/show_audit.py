"""The page of the audit: each service's chains, their verification, and the search.

A search is sent as a form, so that no address has a name.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from ngao.contracts import SERVICES
from services.console.audit.model import actor_of, entries_of, period, trails_of
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_everywhere, known_service, silent

_READ = "audit:read"
_MOST = 100
_SUBJECT, _ACTOR = re.compile(r"[\x21-\x7e]{1,200}"), re.compile(r"([a-z_]{2,20}:)?[A-Za-z0-9_.-]{1,80}")
_ACTION = re.compile(r"[a-z_.]{3,60}")
_CASE = re.compile(r"NG-[A-Za-z0-9-]{4,36}")
_WRONG = {
    "subject": _l("A reference has no spaces: copy it from a case, or leave the field empty."),
    "actor": _l("A name has letters, digits and hyphens, such as amina, or a kind before it, such as source:forms."),
    "action": _l("An action is a code, such as case.read."),
    "day": _l("A day is written like 2026-12-31."),
}


@page("/audit", scope=_READ, group="record", title=_l("Audit"))
def show_audit(desk: Desk) -> Any:
    """Show how long each service's audit is, and who holds its heads; and the form of the search."""
    return _show(desk)


@page("/audit", methods=("POST",), scope=_READ)
def search_audit_of_all(desk: Desk) -> Any:
    """Search the audit of every service, and show the entries as one list, the newest first; or verify one service's audit."""
    if service := desk.typed.get("verify"):
        return _verify(desk, service)
    typed = {name: desk.typed.get(name, "").strip() for name in ("subject", "actor", "action", "since", "until")}
    if wrong := _wrong(typed):
        return _show(desk, 422, typed=typed, wrong=_WRONG[wrong])
    zone = ZoneInfo(desk.parts.policy.zone)
    query = {"subject": typed["subject"], "actor": actor_of(typed["actor"]), "action": typed["action"]}
    query |= {**period(typed["since"], typed["until"], zone), "limit": str(_MOST)}
    path = f"/v1/audit/entries?{urlencode({name: value for name, value in query.items() if value})}"
    answers = ask_everywhere(desk, path, _READ)
    entries = entries_of({service: answer.body.get("entries", ()) for service, answer in answers.items()}, _MOST)
    return _show(desk, typed=typed, entries=entries, unasked=silent(answers), most=_MOST, is_case=_CASE.fullmatch)


def _verify(desk: Desk, service: str) -> Any:
    """Verify one service's audit, from its beginning to its heads, and through those that the other services hold."""
    others = [each for each in SERVICES if each != known_service(service)]
    held = {each: desk.ask(each, "GET", "/v1/audit/held", _READ) for each in others}
    (trail,) = trails_of({service: None}, {name: answer.body.get("held", ()) for name, answer in held.items()})
    answer = desk.ask(service, "POST", "/v1/audit/verify", _READ, {"heads": list(trail.heads)})
    return _show(desk, verified=answer.body if answer.is_good else {}, of=service)


def _show(desk: Desk, status: int = 200, **values: Any) -> Any:
    heads = ask_everywhere(desk, "/v1/audit/heads", _READ)
    held = {service: desk.ask(service, "GET", "/v1/audit/held", _READ) for service in heads if heads[service].is_good}
    trails = trails_of(
        {service: answer.body["heads"] if answer.is_good else None for service, answer in heads.items()},
        {service: answer.body.get("held", ()) for service, answer in held.items()},
    )
    return desk.show("audit.html", status, trails=trails, **values)


def _wrong(typed: dict[str, str]) -> str | None:
    """Return the name of the first field that cannot be searched for."""
    for name, pattern in (("subject", _SUBJECT), ("actor", _ACTOR), ("action", _ACTION)):
        if typed[name] and not pattern.fullmatch(typed[name]):
            return name
    try:
        period(typed["since"], typed["until"], ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        return "day"
    return None
