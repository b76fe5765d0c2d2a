"""The page of the roster: who is asked now, who follows, the gaps; and one act, to fill a gap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.roster.model import gaps_of, watch_of
from services.console.values import LANGUAGES

_OFFICER, _PARTNER = "duty_officer", "partner"
_WRONG = _l("This is not an e-mail address. Correct it.")


@page("/roster", scope="roster:read", group="network", title=_l("Roster"))
def show_roster(desk: Desk) -> Any:
    """Show each ladder with who is asked now and who follows, the gaps, and every entry with its address masked."""
    return _show(desk)


@page("/roster/fill", methods=("POST",), scope="roster:write")
def fill_gap(desk: Desk) -> Any:
    """Put a person of a ladder who has no address on the roster."""
    person, language = desk.choice("person", _people_of_ladders(desk)), desk.choice("language", LANGUAGES)
    email = desk.typed.get("email", "")
    path, body = f"/v1/roster/duty-officers/{quote(person)}", {"email": email.strip(), "language": language}
    answer = desk.ask("notify", "PUT", path, "roster:write", body)
    if answer.status in (400, 422):
        return _show(desk, 422, wrong=_WRONG, typed=person, email=email)
    return desk.done("/roster", answer)


def _show(desk: Desk, status: int = 200, **values: Any) -> Any:
    entries = desk.known("notify", "/v1/roster", "roster:read")["roster"]
    officers, contacts = _of_kind(entries, _OFFICER), _of_kind(entries, _PARTNER)
    watches = [watch_of(ladder, officers) for ladder in desk.parts.policy.ladders]
    found = desk.part("referral", "/v1/partners", "partners:read")
    partners = [each for each in found.body.get("partners", ()) if not each["suspended"] and not each["revoked"]] if found else []
    return desk.show(
        "roster.html", status, watches=watches, gaps=gaps_of(watches), officers=officers, contacts=contacts,
        unreached=[each for each in partners if each["id"] not in contacts],
        missing=[found.service] if found is not None and not found.is_good else [], **values,
    )  # fmt: skip


def _of_kind(entries: Iterable[Mapping[str, Any]], kind: str) -> dict[str, Mapping[str, Any]]:
    return {str(each["id"]): each for each in entries if each["kind"] == kind}


def _people_of_ladders(desk: Desk) -> set[str]:
    return {step.person for ladder in desk.parts.policy.ladders for step in ladder.steps}
