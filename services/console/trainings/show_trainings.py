"""The pages of trainings: programmes and sessions, who is in a session, and the trainings of a person."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.peers import Answer
from services.console.trainings.model import STATES, entry_of, field_refused, session_of

_READS, _WRITES = "trainings:read", "trainings:write"


@page("/trainings", scope=_READS, group="network", title=_l("Trainings"))
def show_trainings(desk: Desk) -> Any:
    """Show the sessions with their places, and a form for another one."""
    return _sessions(desk)


@page("/trainings", methods=("POST",), scope=_WRITES)
def add_training(desk: Desk) -> Any:
    """Add a session."""
    answer = desk.ask("registry", "POST", "/v1/trainings", _WRITES, session_of(desk.typed))
    if answer.status in (400, 422):
        return _sessions(desk, 422, field=field_refused(answer.body.get("errors", ())), typed=desk.typed)
    return desk.done("/trainings", answer)


@page("/trainings/<id:session>", scope=_READS)
def show_training(desk: Desk, session: str) -> Any:
    """Show who is invited to a session, attended, was absent or declined, as references."""
    path = f"/v1/trainings/{session}/people?reason={desk.reason(_READS)}"
    found = desk.known("registry", path, _READS)
    return desk.show("training.html", programmes=_programmes(desk), **found)


@page("/d/<defender:ref>/trainings", scope=_READS, of="defender", title=_l("Trainings of this person"))
def show_trainings_of(desk: Desk, ref: str) -> Any:
    """Show the trainings of a person, and a form for another one."""
    return _entries(desk, ref)


@page("/d/<defender:ref>/trainings", methods=("POST",), scope=_WRITES)
def keep_training(desk: Desk, ref: str) -> Any:
    """Record what she is to a session."""
    answer = desk.ask("registry", "PUT", f"/v1/defenders/{ref}/trainings", _WRITES, entry_of(desk.typed))
    if answer.status in (400, 422):
        return _entries(desk, ref, 422, field=field_refused(answer.body.get("errors", ())))
    return _done(desk, ref, answer)


@page("/d/<defender:ref>/trainings/<id:session>/remove", methods=("POST",), scope=_WRITES)
def remove_training(desk: Desk, ref: str, session: str) -> Any:
    """Remove her entry, and free the place."""
    return _done(desk, ref, desk.ask("registry", "DELETE", f"/v1/defenders/{ref}/trainings/{session}", _WRITES))


def _done(desk: Desk, ref: str, answer: Answer) -> Any:
    if answer.status == 404:
        abort(404)
    if answer.status == 409:
        return _entries(desk, ref, 409, field="full" if "session-full" in str(answer.body.get("type")) else "changed")
    return desk.done(f"/d/{ref}/trainings", answer)


def _sessions(desk: Desk, status: int = 200, **values: Any) -> Any:
    known = desk.known("registry", "/v1/trainings", _READS)
    return desk.show(
        "trainings.html",
        status,
        programmes=_labels(known),
        sessions=known["sessions"],
        counties=desk.parts.policy.counties,
        **values,
    )


def _entries(desk: Desk, ref: str, status: int = 200, field: str = "") -> Any:
    kept = desk.known("registry", f"/v1/defenders/{ref}/trainings?reason={desk.reason(_READS)}", _READS)
    if kept["defender_ref"] != ref:
        return desk.go(f"/d/{kept['defender_ref']}/trainings")
    known = desk.known("registry", "/v1/trainings", _READS)
    return desk.show(
        "trainings_of.html", status, ref=ref, entries=kept["trainings"], sessions=known["sessions"], programmes=_labels(known),
        states=STATES, field=field,
    )  # fmt: skip


def _programmes(desk: Desk) -> dict[str, Any]:
    return _labels(desk.known("registry", "/v1/trainings", _READS))


def _labels(known: Any) -> dict[str, Any]:
    return {each["code"]: each["label"] for each in known["programmes"]}
