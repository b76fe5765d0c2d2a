"""The pages of signs of life: all that are agreed, those of one person, and the page on which she answers by her link."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.console.checkins.model import in_order, plan_of
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.peers import Answer

_READ, _WRITE, _IDENTITY = "checkins:read", "checkins:write", "identity:read"
_WRONG = {
    "/due": _l("This moment cannot be: it is past, or the clocks skip it or show it twice. Choose another one."),
    "/safe_word": _l("A word needs four letters or more."),
    "/help_word": _l("The two words are too short, or too much alike. Choose another one."),
    "/grace_minutes": _l("For a daily sign of life, the waiting times together must be shorter than a day."),
    "/until": _l("The end lies before the first sign of life."),
    "/contacts": _l("Write a name and a phone for each person, or leave both out."),
}


@page("/checkins", scope=_READ, group="now", title=_l("Signs of life"))
def list_checkins(desk: Desk) -> Any:
    """Show all that are not over: first those that wait for a human."""
    found = desk.known("registry", "/v1/checkins", _READ)["checkins"]
    return desk.show("checkins.html", checkins=in_order(found), reasons=desk.reasons(_IDENTITY))


@page("/checkins/<id:checkin_id>/contacts", methods=("POST",), scope=_IDENTITY)
def show_whom_to_ask(desk: Desk, checkin_id: str) -> Any:
    """Show whom to ask, for a reason. It is the answer of a form, so that no address leads to it again."""
    reason = desk.typed.get("reason", "")
    if reason not in desk.reasons(_IDENTITY):
        abort(404)
    shown = desk.known("registry", f"/v1/checkins/{checkin_id}/contacts?reason={reason}", _IDENTITY)
    return desk.show("whom_to_ask.html", shown=shown, checkin_id=checkin_id)


@page("/checkins/<id:checkin_id>/verified", methods=("POST",), scope=_WRITE)
def record_verified(desk: Desk, checkin_id: str) -> Any:
    """Record what the people whom she trusts say."""
    is_safe = desk.choice("says", ("safe", "unknown")) == "safe"
    return _acted(desk, desk.ask("registry", "POST", f"/v1/checkins/{checkin_id}/verified", _WRITE, {"is_safe": is_safe}))


@page("/checkins/<id:checkin_id>/end", methods=("POST",), scope=_WRITE)
def end_plan(desk: Desk, checkin_id: str) -> Any:
    """End a plan."""
    return _acted(desk, desk.ask("registry", "DELETE", f"/v1/checkins/{checkin_id}", _WRITE))


@page("/checkins/<id:checkin_id>/word", methods=("POST",), scope=_WRITE)
def pass_word_on(desk: Desk, checkin_id: str) -> Any:
    """Pass on the word that she has said. The page shows no difference between her words."""
    answer = desk.ask("registry", "POST", f"/v1/checkins/{checkin_id}/answers", _WRITE, {"word": desk.typed.get("word", "")})
    if answer.status == 422:
        found = desk.known("registry", "/v1/checkins", _READ)["checkins"]
        wrong = _("Not understood. Write the word again.")
        return desk.show("checkins.html", 422, checkins=in_order(found), reasons=desk.reasons(_IDENTITY), wrong=wrong)
    return _acted(desk, answer)


@page("/d/<defender:ref>/checkins", scope=_READ, of="defender", title=_l("Signs of life of this person"))
def show_checkins_of(desk: Desk, ref: str) -> Any:
    """Show what is agreed with a person, and a form to agree on more."""
    return _of(desk, ref)


@page("/d/<defender:ref>/checkins", methods=("POST",), scope=_WRITE)
def plan_one(desk: Desk, ref: str) -> Any:
    """Agree on a sign of life, and show her link once."""
    body = plan_of(desk.typed, desk.parts.policy.zone)
    answer = desk.ask("registry", "POST", f"/v1/defenders/{ref}/checkins", _WRITE, body)
    if answer.status in (400, 422):
        return _of(desk, ref, 422, wrong=_sentence(answer), typed=desk.typed)
    if not answer.is_good:
        return desk.done(f"/d/{ref}/checkins", answer)
    link = f"{desk.parts.site.origin}/k/{answer.body['link']}"
    return desk.show("planned.html", ref=ref, plan=answer.body, link=link)


@page("/k/<id:link>", anyone=True)
def ask_word(desk: Desk, link: str) -> Any:
    """Ask for a word. Nothing here says what it is for."""
    return desk.show("word.html", link=link)


@page("/k/<id:link>", methods=("POST",), anyone=True)
def take_word(desk: Desk, link: str) -> Any:
    """Pass the word on. Both of her words, and only these, are answered in the same way."""
    answer = desk.parts.peers.ask(
        "registry", "POST", "/v1/checkins/answers", "", {"link": link, "word": desk.typed.get("word", "")}
    )
    if answer.is_good:
        return desk.show("thanks.html")
    wrong = _("Not understood. Write the word again.") if answer.status in (400, 422) else _("No answer now. Try again.")
    return desk.show("word.html", 422 if answer.status in (400, 422) else 503, link=link, wrong=wrong)


def _of(desk: Desk, ref: str, status: int = 200, **values: Any) -> Any:
    found = desk.known("registry", f"/v1/defenders/{ref}/checkins", _READ)["checkins"]
    policy = desk.parts.policy
    return desk.show(
        "checkins_of.html",
        status,
        ref=ref,
        checkins=found,
        kinds=policy.checkins,
        zone=policy.zone,
        counties=policy.counties,
        **values,
    )


def _acted(desk: Desk, answer: Answer) -> Any:
    if answer.status == 404:
        abort(404)
    return desk.done("/checkins", answer)


def _sentence(answer: Answer) -> Any:
    pointers = [str(each["pointer"]) for each in answer.body.get("errors", ())]
    known = (sentence for at in pointers for start, sentence in _WRONG.items() if at.startswith(start))
    return next(known, _("Something here cannot be. Look at each field again."))
