"""Makes the application: its pages, its languages, its headers, and a page for every error.

The chassis bounds what comes in (`ngao.chassis.http.pages`). Every page works without JavaScript. What decides who may do what is
not here: the other services hold to the roles by themselves, and a page that a person may not open is one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from jinja2 import FileSystemLoader
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from ngao.chassis.http.limits import Limiter
from ngao.chassis.http.pages import ROUTE
from ngao.chassis.http.problems import problem_of
from services.console.pages import keeping, languages, showing
from services.console.pages.addresses import CONVERTERS
from services.console.pages.assets import Assets
from services.console.pages.compressing import compress
from services.console.pages.declaring import Page, folders_of, pages_in
from services.console.pages.desk import Desk, PartAway
from services.console.pages.menu import menu_of

if TYPE_CHECKING:
    from types import ModuleType

    from services.console.context import ConsoleParts

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
"""On every answer. Nothing is kept by browsers and proxies, except assets, whose address changes with their content."""
LARGEST_FORM = 64 * 1024
_GUESSED = frozenset({"/sign-in", "/sign-in/organisation", "/sign-in/passkey", "/unlock", "/welcome", "/welcome/passkey"})
"""The forms in which a password or a code could be guessed."""


def application(parts: ConsoleParts, features: ModuleType) -> Flask:
    """Return the application of all pages that a package declares."""
    app = Flask("services.console.pages", static_folder=None)
    app.config.update(_settings(parts))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_loader = FileSystemLoader(folders_of(features, "templates"))
    app.url_map.converters |= CONVERTERS
    assets, pages = Assets(folders_of(features, "assets"), Path(parts.own.libraries)), pages_in(features)
    app.before_request(_from_elsewhere)
    languages.speak(app)
    csrf = CSRFProtect(app)
    showing.show(app, parts)
    app.jinja_env.globals |= {"asset": assets.address, "library": assets.library, "csrf": _csrf}
    app.extensions["pages"] = {each.name: each for each in pages}
    app.jinja_env.globals |= {"drafts": partial(keeping.drafts, parts), "queue_key": partial(keeping.queue_key, parts)}
    app.jinja_env.globals |= menu_of(pages)
    guesses = Limiter(parts.clock, parts.own.guesses_per_second, parts.own.guesses_at_once)
    app.before_request(partial(_slow_down, guesses))
    for each in pages:
        view = _view(parts, each, pages)
        app.add_url_rule(each.path, each.name, csrf.exempt(view) if each.has_own_proof else view, methods=each.methods)
    app.add_url_rule("/assets/<digest>/<name>", "asset", assets.show)
    app.after_request(partial(_finish, parts))
    app.register_error_handler(Exception, partial(_failed, parts))
    return app


def _settings(parts: ConsoleParts) -> dict[str, Any]:
    """Return Flask's settings. Its cookie holds a token, the language and the token of forms; the session is in the store."""
    secure = urlsplit(parts.site.origin).scheme == "https"
    return {
        "SECRET_KEY": parts.chassis.keyring.lookup_hash("cookies", "console"),
        "SESSION_COOKIE_NAME": "__Host-desk" if secure else "desk",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_PATH": "/",
        "MAX_CONTENT_LENGTH": LARGEST_FORM,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # no page sends a referrer
    }


def _view(parts: ConsoleParts, page: Page, pages: list[Page]) -> Callable[..., ResponseReturnValue]:
    @wraps(page.run)  # Flask-WTF knows a view that is exempt by its name
    def view(**values: str) -> ResponseReturnValue:
        desk = g.desk = Desk(parts)
        if not page.anyone and (desk.signed_in is None or desk.is_locked):
            return _sign_in_first(parts, "/unlock" if desk.is_locked else "/sign-in")
        if not page.anyone and not desk.may(page.scope):
            home = next((each.path for each in pages if each.home and desk.may(each.scope)), "/more")
            return redirect(home, 303) if page.path == "/" else abort(404)
        shown: ResponseReturnValue = page.run(desk, **values)
        g.has_run = True
        return shown

    return view


def _sign_in_first(parts: ConsoleParts, where: str) -> ResponseReturnValue:
    """Send the reader to sign in or to unlock. What was sent is kept until then, if it is known whose it is."""
    if request.method == "GET":
        return redirect(where, 303)
    return render_template("sign_in_again.html", is_kept=keeping.keep_sent(parts), where=where), 403


def _csrf() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def _from_elsewhere() -> str | None:
    """Refuse a form that another site has sent. Let a browser that comes from another site come again from here.

    It keeps the cookie back at first, and would take a new one in its place: who follows a link would be signed out. The page
    that asks it to come again sets none, and takes no tap. The address to which it leads differs by a sign that means nothing:
    a browser that holds a code behind `#` loads nothing for the same address.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method == "POST" and site not in {"same-origin", "none"}:
        abort(403)
    is_page = request.endpoint in current_app.extensions["pages"]
    if site != "cross-site" or not is_page or current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        return None
    return render_template("arriving.html", path=request.full_path + ("&" if request.args else ""))


def _slow_down(guesses: Limiter) -> None:
    """Hold an address to the rate of a person. Raises TooManyRequests."""
    if request.method == "POST" and request.path in _GUESSED:
        guesses.take(str(request.remote_addr))


def _finish(parts: ConsoleParts, response: Response) -> Response:
    """Add the headers, and name the route for the log and the metrics. A page that has not changed keeps those it has."""
    keeping.forget_sent(parts, response)
    if response.status_code != 304:
        response.headers.extend(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers[ROUTE] = request.url_rule.rule if request.url_rule else ""
    compress(request, response)
    return response


def _failed(parts: ConsoleParts, error: Exception) -> ResponseReturnValue:
    """Show a page for an error. An unexpected one is in the log by its type and place, under the id that the page shows."""
    if isinstance(error, CSRFError):
        return _sign_in_first(parts, "/kept")
    if isinstance(error, HTTPException):
        allowed: dict[str, Any] = {"Allow": ", ".join(sorted(valid))} if (valid := getattr(error, "valid_methods", None)) else {}
        away = error.service if isinstance(error, PartAway) else ""
        return render_template("error.html", status=error.code, away=away), error.code or 500, allowed
    problem = problem_of(error)
    return render_template("error.html", status=problem.status, error_id=problem.error_id), problem.status, problem.headers
