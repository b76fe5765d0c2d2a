"""Sign in, set an account up, sign out, and the page of one's own sessions and keys."""

from __future__ import annotations

import json
from secrets import token_urlsafe
from typing import Any

import segno
from flask import Response, jsonify, request, session
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from ngao.kernel.actors import Actor
from services.console.accounts.accept import (
    CODE_WRONG,
    NOT_INVITED,
    PASSWORD_IS_NAME,
    PASSWORD_TOO_SHORT,
    Chosen,
    SetUp,
    accept_by_passkey,
    accept_by_password,
    invited_by,
    new_secret,
)
from services.console.accounts.codes import totp_address
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.entering import enter
from services.console.sessions.begin import Typed, sign_in_by_password
from services.console.sessions.end import end_all, end_session
from services.console.sessions.passkeys import ask_to_add, ask_to_sign_in, read_new, sign_in_by_passkey

_SETS_UP = "sets-up"
WRONG = _l("Password or code is wrong. Try again.")
_WHY = {
    NOT_INVITED: _l("This invitation has expired or was used. Ask for a new one."),
    PASSWORD_TOO_SHORT: _l("A password needs 12 characters or more."),
    PASSWORD_IS_NAME: _l("The password must not be your name. Choose another one."),
    CODE_WRONG: _l("The code is wrong. Look at the app again, and check the clock of your phone."),
}


@page("/sign-in", anyone=True)
def sign_in(desk: Desk) -> Any:
    """Show the form, or the board to a person who is signed in."""
    return desk.go("/") if desk.signed_in else desk.show("sign_in.html")


@page("/sign-in", methods=("POST",), anyone=True)
def sign_in_typed(desk: Desk) -> Any:
    """Sign in by name, password and code. Whatever is wrong, the sentence is the same."""
    typed = Typed(desk.typed.get("name", "").strip().lower(), desk.typed.get("password", ""), desk.typed.get("code", ""))
    token = sign_in_by_password(desk.parts, typed, desk.device)
    if token is None:
        return desk.show("sign_in.html", 403, wrong=WRONG, name=typed.account_id[:41])
    return desk.go(enter(desk, token))


@page("/sign-in/passkey/challenge", methods=("POST",), anyone=True)
def challenge(desk: Desk) -> Response:
    """Give a browser what its passkey has to sign."""
    return jsonify(ask_to_sign_in(desk.parts))


@page("/sign-in/passkey", methods=("POST",), anyone=True)
def sign_in_with_passkey(desk: Desk) -> Any:
    """Sign in by what a passkey has signed."""
    token = sign_in_by_passkey(desk.parts, _json(), desk.device)
    if token is None:
        return jsonify(wrong=str(_l("This passkey is not known here. Use password and code, or ask for a new invitation."))), 403
    return jsonify(go=enter(desk, token))


@page("/welcome", anyone=True)
def welcome(desk: Desk) -> Any:
    """Ask for the code of an invitation. A link has it behind `#`, where it is sent to no server."""
    return desk.show("welcome.html")


@page("/welcome", methods=("POST",), anyone=True)
def welcome_typed(desk: Desk) -> Any:
    """Show how to set the account up, or do it with what was typed."""
    code = desk.typed.get("invitation", "")
    account = invited_by(desk.parts, code)
    if account is None:
        return desk.show("welcome.html", 403, wrong=_WHY[NOT_INVITED])
    if "password" not in desk.typed:
        return _set_up(desk, code, account.id)
    chosen = Chosen(desk.typed["password"], desk.typed.get("code", ""), new_secret(desk.parts, code, _browser()))
    made = accept_by_password(desk.parts, code, chosen, desk.device)
    if not isinstance(made, SetUp):
        return _set_up(desk, code, account.id, 422, wrong=_WHY[made])
    desk.enter(made.token, account.id, account.language)
    return desk.show("recovery.html", recovery_codes=made.recovery_codes)


@page("/welcome/passkey/challenge", methods=("POST",), anyone=True)
def welcome_challenge(desk: Desk) -> Any:
    """Give the browser of an invited person what it needs to make a passkey."""
    account = invited_by(desk.parts, str(_json().get("invitation", "")))
    return (jsonify(wrong=str(_WHY[NOT_INVITED])), 403) if account is None else jsonify(ask_to_add(desk.parts, account))


@page("/welcome/passkey", methods=("POST",), anyone=True)
def welcome_passkey(desk: Desk) -> Any:
    """Set the account up with a passkey."""
    given = _json()
    code = str(given.pop("invitation", ""))
    account = invited_by(desk.parts, code)
    made = accept_by_passkey(desk.parts, code, given, desk.device, desk.device)
    if account is None or not isinstance(made, SetUp):
        return jsonify(wrong=str(_WHY[NOT_INVITED if account is None else CODE_WRONG])), 403
    desk.enter(made.token, account.id, account.language)
    return jsonify(go="/")


@page("/sign-out", methods=("POST",), anyone=True)
def sign_out(desk: Desk) -> Any:
    """End the session, here and at the server; the browser forgets what it holds of this address."""
    if desk.signed_in is not None:
        ended, account = desk.signed_in.session, desk.signed_in.account
        desk.parts.run(lambda ctx: end_session(ctx, account.id, ended.id))
    desk.leave()
    answer = desk.go("/sign-in")
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer


@page("/me", group="own", title=_l("My account"))
def me(desk: Desk) -> Any:
    """Show the person's own sessions and passkeys."""
    sessions = desk.parts.read().sessions.of(desk.person.account.id)
    return desk.show("me.html", account=desk.person.account, sessions=sessions, current=desk.person.session.id)


@page("/me/sessions", methods=("POST",))
def end_sessions(desk: Desk) -> Any:
    """End one session, or all others."""
    account, current, wanted = desk.person.account, desk.person.session.id, desk.typed.get("session", "")

    def work(ctx: Any) -> None:
        if wanted:
            end_session(ctx, account.id, wanted)
        elif ended := end_all(ctx, account.id, but=current):
            ctx.audit("session.ended", subject=account.id, actor=Actor.operator(account.id), detail={"sessions": str(ended)})

    desk.parts.run(work)
    return desk.go("/me")


@page("/me/keys", methods=("POST",))
def turn_keys(desk: Desk) -> Any:
    """Turn the keys of the pages on or off (WCAG 2.2, 2.1.4)."""
    account_id, wanted = desk.person.account.id, desk.typed.get("keys") == "on"

    def work(ctx: Any) -> None:
        account = ctx.accounts.existing(account_id)
        account.has_keys = wanted
        ctx.accounts.save(account)

    desk.parts.run(work)
    return desk.go("/me")


@page("/me/passkey/challenge", methods=("POST",))
def add_challenge(desk: Desk) -> Any:
    """Give the browser what it needs to make another passkey."""
    if not desk.person.session.is_proved(desk.parts.clock.now()):
        return _prove_first()
    return jsonify(ask_to_add(desk.parts, desk.person.account))


@page("/me/passkey", methods=("POST",))
def add_passkey(desk: Desk) -> Any:
    """Add a passkey to the person's account."""
    account_id, given = desk.person.account.id, _json()
    if not desk.person.session.is_proved(desk.parts.clock.now()):
        return _prove_first()

    def work(ctx: Any) -> bool:
        made, account = read_new(ctx, desk.parts.site, given, account_id, desk.device), ctx.accounts.existing(account_id)
        if made is None or not account.is_open or not account.add_passkey(made):
            return False
        ctx.accounts.save(account)
        ctx.audit("account.passkey_added", subject=account.id, actor=Actor.operator(account.id))
        return True

    return jsonify(go="/me") if desk.parts.run(work) else (jsonify(wrong=str(_WHY[CODE_WRONG])), 403)


def _prove_first() -> Any:
    return jsonify(wrong=str(_l("Lock the screen and unlock it first: only you may add a device to your account."))), 403


@page("/me/passkeys/remove", methods=("POST",))
def remove_passkey(desk: Desk) -> Any:
    """Remove a passkey, unless it is the last way to sign in."""
    account_id, wanted = desk.person.account.id, desk.typed.get("passkey", "")

    def work(ctx: Any) -> None:
        account = ctx.accounts.existing(account_id)
        if account.remove_passkey(wanted):
            ctx.accounts.save(account)
            ctx.audit("account.passkey_removed", subject=account.id, actor=Actor.operator(account.id))

    desk.parts.run(work)
    return desk.go("/me")


def _set_up(desk: Desk, code: str, account_id: str, status: int = 200, **values: Any) -> Any:
    secret = new_secret(desk.parts, code, _browser())
    drawn = segno.make(totp_address(secret, account_id), error="m").svg_inline(scale=5, light="#ffffff", dark="#16181d")
    return desk.show("set_up.html", status, invitation=code, secret=secret, drawn=Markup(drawn), name=account_id, **values)  # noqa: S704


def _browser() -> str:
    """Return what distinguishes this browser from others while an account is set up."""
    return str(session.setdefault(_SETS_UP, token_urlsafe(16)))


def _json() -> dict[str, Any]:
    try:
        given = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}
