"""Makes the application: its routes, its languages, its headers, and a page for every error.

The chassis bounds what comes in (`ngao.chassis.http.pages`). The pages need no JavaScript, set no cookie and have no form yet.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from ngao.chassis.http.pages import ROUTE
from ngao.chassis.http.problems import problem_of
from services.console.pages import languages
from services.console.pages.assets import Assets

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
"""On every answer. Nothing is kept by browsers and proxies, except assets, whose address changes with their content."""


def application() -> Flask:
    """Return the application. It has no secret key: it has no sessions yet."""
    app = Flask("services.console.pages", static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    assets = Assets()
    languages.speak(app)
    app.jinja_env.globals["asset"] = assets.address
    app.add_url_rule("/", "index", lambda: Response(status=303, headers={"Location": "/sign-in"}))
    app.add_url_rule("/sign-in", "sign_in", _sign_in)
    app.add_url_rule("/assets/<digest>/<name>", "asset", assets.show)
    app.after_request(_finish)
    app.register_error_handler(Exception, _failed)
    return app


def _sign_in() -> str:
    return render_template("sign_in.html")


def _finish(response: Response) -> Response:
    """Add the headers, and name the route for the log and the metrics."""
    response.headers.extend(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers[ROUTE] = request.url_rule.rule if request.url_rule else ""
    return response


def _failed(error: Exception) -> ResponseReturnValue:
    """Show a page for an error. An unexpected one is in the log by its type and place, under the id that the page shows."""
    if isinstance(error, HTTPException):
        allowed: dict[str, Any] = {"Allow": ", ".join(sorted(valid))} if (valid := getattr(error, "valid_methods", None)) else {}
        return render_template("error.html", status=error.code), error.code or 500, allowed
    problem = problem_of(error)
    return render_template("error.html", status=problem.status, error_id=problem.error_id), problem.status, problem.headers
