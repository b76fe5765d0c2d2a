"""The pages of protection plans: what is due, a person's versions, one of them with its words for a reason, and the next one."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.protection.model import SUBJECTS, assessment_of, field_refused, latest_of, rows, typed_of, which_of

_READ, _WRITE, _IDENTITY = "assessments:read", "assessments:write", "identity:read"
_CHANGED = "/assessment-changed"


@page("/protection", scope=_READ, group="network", title=_l("Protection plans"))
def show_reviews(desk: Desk) -> Any:
    """Show which plans are to be reviewed, those past their day first."""
    found = desk.known("registry", "/v1/protection/reviews", _READ)
    return desk.show("reviews.html", reviews=found["reviews"], more=found["more"])


@page("/d/<defender:ref>/protection", scope=_READ, of="defender", title=_l("Risk and protection plan"))
def show_plans(desk: Desk, ref: str) -> Any:
    """Show which versions there are, without what they say."""
    return _page(desk, ref)


@page("/d/<defender:ref>/protection/shown", methods=("POST",), scope=_IDENTITY)
def show_plan(desk: Desk, ref: str) -> Any:
    """Show one version for a reason, fit for paper. It is the answer of a form, so that no address leads to it again."""
    reason, which = desk.typed.get("reason", ""), which_of(desk.typed.get("which", ""), _versions(desk, ref)["history"])
    if reason not in desk.reasons(_IDENTITY) or which is None:
        return _page(desk, ref, 422, wrong=_("Choose a version, and why you need it."))
    version = _version(desk, ref, *which, reason)
    return desk.show("plan.html", ref=ref, plan=version, terms=_terms(desk), reason=reason)


@page("/d/<defender:ref>/protection/<code:about>/new", scope=_WRITE)
def ask_first_plan(desk: Desk, ref: str, about: str) -> Any:
    """Ask for the first version about a subject. One that exists is changed from what it says, so that nothing gets lost."""
    if latest_of(_versions(desk, ref), _subject(about)):
        return desk.go(f"/d/{ref}/protection")
    return _form(desk, ref, about, {})


@page("/d/<defender:ref>/protection/<code:about>/change", methods=("POST",), scope=_WRITE)
def ask_next_plan(desk: Desk, ref: str, about: str) -> Any:
    """Ask for the next version, beginning with what the last one says, which is read for a reason."""
    shown, reason = _versions(desk, ref), desk.typed.get("reason", "")
    latest = latest_of(shown, _subject(about))
    if reason not in desk.reasons(_IDENTITY) or not latest:
        return _page(desk, ref, 422, wrong=_("Choose why you need it"))
    return _form(desk, ref, about, typed_of(_version(desk, ref, about, latest, reason)))


@page("/d/<defender:ref>/protection/<code:about>/new", methods=("POST",), scope=_WRITE)
def save_plan(desk: Desk, ref: str, about: str) -> Any:
    """Save it. What the registry refuses is named, and what was typed stays in the form."""
    path = f"/v1/defenders/{ref}/assessments/{_subject(about)}"
    answer = desk.ask("registry", "PUT", path, _WRITE, assessment_of(desk.typed))
    if answer.status in (400, 422):
        return _form(desk, ref, about, desk.typed, (422, field_refused(answer.body.get("errors", ()))))
    if answer.status == 409 and str(answer.body.get("type", "")).endswith(_CHANGED):
        seen = {"seen": str(latest_of(_versions(desk, ref), about))}
        return _form(desk, ref, about, {**desk.typed, **seen}, (409, "changed"))
    if answer.status == 404:
        abort(404)
    return desk.done(f"/d/{ref}/protection", answer)


@page("/d/<defender:ref>/protection/<code:about>/remove", methods=("POST",), scope=_WRITE)
def remove_plan(desk: Desk, ref: str, about: str) -> Any:
    """Remove every version about a subject. A second person may have to approve."""
    answer = desk.ask("registry", "DELETE", f"/v1/defenders/{ref}/assessments/{_subject(about)}", _WRITE)
    if answer.status == 404:
        abort(404)
    return desk.done(f"/d/{ref}/protection", answer)


def _subject(about: str) -> str:
    return about if about in SUBJECTS else abort(404)


def _versions(desk: Desk, ref: str) -> Any:
    return desk.known("registry", f"/v1/defenders/{ref}/assessments?reason={desk.reason(_READ)}", _READ)


def _version(desk: Desk, ref: str, about: str, number: int, reason: str) -> Any:
    return desk.known("registry", f"/v1/defenders/{ref}/assessments/{about}/{number}?reason={reason}", _IDENTITY)


def _terms(desk: Desk) -> Any:
    return desk.known("registry", "/v1/protection/terms", _READ)


def _page(desk: Desk, ref: str, status: int = 200, wrong: str = "") -> Any:
    shown = _versions(desk, ref)
    if shown["defender_ref"] != ref:
        return desk.go(f"/d/{shown['defender_ref']}/protection")
    current = {each["about"]: each for each in shown["current"]}
    reasons = desk.reasons(_IDENTITY)
    return desk.show(
        "protection.html",
        status,
        ref=ref,
        current=current,
        subjects=SUBJECTS,
        history=shown["history"],
        reasons=reasons,
        wrong=wrong,
    )


def _form(desk: Desk, ref: str, about: str, typed: dict[str, str], wrong: tuple[int, str] = (200, "")) -> Any:
    status, field = wrong
    numbers = {kind: rows(typed, kind) for kind in ("threat", "measure")}
    me = f"staff:{desk.person.account.id}"
    return desk.show(
        "plan_form.html", status, ref=ref, about=about, typed=typed, rows=numbers, terms=_terms(desk), field=field, me=me
    )
