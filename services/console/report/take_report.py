"""The pages of a report by phone. The answers are in each page's form, encrypted; only sending stores anything, and at intake."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import abort, request
from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.keeping import kept_here
from services.console.pages.peers import Answer
from services.console.report.model import CHECK, Answers, Sent, continues, may_skip, number_of
from services.console.report.posting import codes_of, question_of, report_of, update_of
from services.console.report.reading import LONGEST, Lists, NotOffered, Wrong, is_answered, needs_in, options, read
from services.console.report.sealing import Opened, open_sealed, seal

SCOPE = "reports:write"
NEW = "new"
"""What the address says of a call when it is not the one that was interrupted."""
_PATH = "/v1/reports/by-phone"
AGAIN = _l("You have signed in again since. Nothing was sent. Look at the answers, then send them.")
NO_ANSWER = _l("No answer yet. Send again: it becomes one report, however often it is sent.")

ARRIVED = _l("It has arrived as you sent it before, and is a case. What you changed since then is not in it: write it as a note.")


@page("/report", scope=SCOPE, group="now", title=_l("Report"))
def begin_report(desk: Desk) -> Any:
    """Ask the first question; or show where the lock of the screen has interrupted a call, unless another one begins."""
    wanted = request.args.get("call", "")
    if wanted not in {"", NEW}:
        abort(404)
    if not wanted and (interrupted := _interrupted(desk)) is not None:
        return interrupted
    now = desk.parts.clock.now().isoformat(timespec="seconds")
    return _ask(desk, Answers(secrets.token_hex(16), now), "talk")


@page("/report", methods=("POST",), scope=SCOPE)
def answer_question(desk: Desk) -> Any:
    """Take the answer to a question and show the next one; move to another one; or send what has been answered."""
    opened = _opened(desk, desk.typed)
    if opened is None:
        return desk.show("report_lost.html", 403, kept=[desk.typed[name] for name in LONGEST if desk.typed.get(name)])
    answers, code = opened.answers, _known(opened.answers, desk.typed.get("question", ""))
    if to := desk.typed.get("go"):
        return _ask(desk, answers, _known(answers, to))
    sends = "send" in desk.typed
    try:
        answers = _with_typed(desk, answers, code, may_be_empty=sends)
    except Wrong as wrong:
        return _ask(desk, answers, code, 422, typed=desk.typed, wrong=wrong.name)
    if not opened.is_own_session:
        return _ask(desk, answers, CHECK, notice=AGAIN)
    if not sends:
        return _ask(desk, answers, answers.following(code))
    if not answers.may_send:
        abort(404)
    return _sent(desk, answers, _send(desk, answers))


def _send(desk: Desk, answers: Answers) -> Answer:
    if answers.sent:
        return desk.ask("intake", "POST", f"{_PATH}/{answers.sent.report_id}/updates", SCOPE, update_of(answers))
    return desk.ask("intake", "POST", _PATH, SCOPE, report_of(answers))


def _sent(desk: Desk, answers: Answers, answer: Answer) -> Any:
    """Show the receipt; or what has to be changed, with every answer as it was."""
    if answer.is_good:
        body = answer.body
        answers = answers.delivered(Sent(str(body["report_id"]), str(body["case_ref"]), str(body["urgency"])))
        return _page(desk, "report_sent.html", answers)
    if answer.is_missing:
        return _ask(desk, answers, CHECK, 503, notice=NO_ANSWER)
    if answer.slug == "conflicting-repeat":
        return _ask(desk, answers, CHECK, 409, notice=ARRIVED)
    pointers = [str(each.get("pointer", "")) for each in answer.body.get("errors", ()) if isinstance(each, Mapping)]
    question = next(filter(None, map(question_of, pointers)), CHECK)
    sentence = str(answer.body.get("detail", ""))
    if question in answers.order:
        return _ask(desk, answers, question, answer.status, refused=sentence)
    return _ask(desk, answers, CHECK, answer.status, refused=sentence)


def _interrupted(desk: Desk) -> Any:
    """Show the call that was on the screen when it locked, with what was half typed; None if there is none."""
    for form_id, each in reversed(kept_here(desk.parts, desk.whose)):
        typed = dict(each.fields)
        opened = _opened(desk, typed) if each.is_draft and each.action == "/report" else None
        if opened is not None:
            code = typed.get("question", CHECK)
            asked = code if code in opened.answers.order else CHECK
            return _ask(desk, opened.answers, asked, typed=typed, kept=form_id)
    return None


def _opened(desk: Desk, typed: Mapping[str, str]) -> Opened | None:
    person, keys = desk.person, desk.parts.chassis.keyring
    return open_sealed(keys, person.account.id, person.session.id, typed.get("sealed", ""), desk.parts.clock.now())


def _known(answers: Answers, code: str) -> str:
    """Return the code of a question that is asked. Anything else leads nowhere."""
    if code != CHECK and code not in answers.order:
        abort(404)
    return code


def _with_typed(desk: Desk, answers: Answers, code: str, *, may_be_empty: bool) -> Answers:
    """Return the answers with what the form says, or without that to its question if it is skipped. Raises Wrong."""
    if code == CHECK or (may_be_empty and not is_answered(code, desk.typed)):
        return answers
    if "skip" in desk.typed and may_skip(code):
        return answers.without(code)
    try:
        return answers.answered(read(code, desk.typed, answers, _lists(desk), desk.parts.clock.now()))
    except NotOffered:
        abort(404)


def _lists(desk: Desk) -> Lists:
    policy = desk.parts.policy
    return Lists(policy.acts, policy.perpetrators, policy.counties, policy.support_types, policy.region)


def _ask(desk: Desk, answers: Answers, code: str, status: int = 200, typed: Mapping[str, str] | None = None, **said: Any) -> Any:
    """Show a question, or all answers. `typed` is what its fields hold, if that is no answer yet."""
    if code == CHECK:
        return _page(desk, "report_check.html", answers.shown(), status, **said)
    return _page(
        desk, "report_question.html", answers, status, code=code, number=number_of(code), continues=continues(code),
        may_skip=may_skip(code), options=options(code, answers, _lists(desk)), longest=LONGEST, before=answers.before(code),
        filled=_filled(answers, code) if typed is None else {**typed, "chosen": needs_in(typed)}, **said,
    )  # fmt: skip


def _filled(answers: Answers, code: str) -> Mapping[str, Any]:
    """Return what a question's fields hold already; the number to call back is the person's own until another one is typed."""
    given = answers.given
    called = {**given.get("reach", {}), **given.get("callback", {})}
    return {"callback": called, "person": {**given.get("callback", {}), **given.get("person", {})}}.get(code, given.get(code, {}))


def _page(desk: Desk, template: str, answers: Answers, status: int = 200, **values: Any) -> Any:
    person, now = desk.person, desk.parts.clock.now()
    sealed = seal(desk.parts.chassis.keyring, person.account.id, person.session.id, answers, now)
    return desk.show(template, status, answers=answers, sealed=sealed, foreseen=_foreseen(desk, answers), **values)


def _foreseen(desk: Desk, answers: Answers) -> Answer | None:
    """Return how urgent it would be if it were sent now, by its codes; None where it is too early to say, or already sent."""
    if answers.sent or "ongoing" not in answers.given or not desk.may("reports:read"):
        return None
    return desk.ask("intake", "POST", f"{_PATH}/preview", "reports:read", codes_of(answers))
