"""What a page works with: who is signed in, what was typed, and the other services, asked in the person's name."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Response, abort, make_response, redirect, render_template, request, session
from werkzeug.exceptions import ServiceUnavailable

from ngao.chassis.errors import Unauthenticated
from ngao.chassis.http.here import ask_here
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.staff_tokens import Staff
from services.console.pages import keeping
from services.console.pages.live import IDLE, LIVE, TAG, tagged
from services.console.pages.peers import Answer
from services.console.sessions.read import SignedIn, who_is

if TYPE_CHECKING:
    from services.console.context import ConsoleParts

OWN = "console"
TOKEN = "token"  # noqa: S105 - the name of a value, not a value
_USUAL = "case_work"
_DEVICES = {"Android": "android", "iPhone": "iphone", "iPad": "ipad", "Windows": "windows", "Mac OS": "mac", "Linux": "linux"}
"""By a sign in what the browser says of itself; the first counts, since an Android phone says Linux, too."""


def _fields() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != keeping.KEPT}


class PartAway(ServiceUnavailable):
    """A page cannot do without a service that does not answer; it is named on the page that is shown instead."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service


@dataclass
class Desk:
    """One request of a page. `typed` are the fields of a form, each at most once."""

    parts: ConsoleParts
    typed: dict[str, str] = field(default_factory=_fields)

    @cached_property
    def signed_in(self) -> SignedIn | None:
        """The person who is signed in, and by which session; None without one."""
        return who_is(self.parts, session.get(TOKEN), is_active=request.headers.get(LIVE) != IDLE)

    @property
    def person(self) -> SignedIn:
        """The same, on a page that only signed-in people see. Raises Unauthenticated."""
        if self.signed_in is None:
            raise Unauthenticated("Sign in first.")
        return self.signed_in

    @cached_property
    def principal(self) -> Principal | None:
        """The person as the services know one: with the rights that policy gives to the roles now."""
        return self.parts.chassis.staff.person(self._staff) if self.signed_in else None

    @property
    def _staff(self) -> Staff:
        account = self.person.account
        return Staff(account.id, account.roles, account.hubs, account.partner)

    def may(self, scope: str) -> bool:
        """Return True if the person has this scope, whatever its bounds: the services hold to these."""
        return self.principal is not None and (not scope or scope in self.principal.rights)

    def reasons(self, scope: str) -> list[str]:
        """Return the reasons of policy that the person may give for reading what this scope shows."""
        grant = self.principal.rights.get(scope) if self.principal else None
        return [each for each in self.parts.policy.read_reasons if grant and grant.allows(each)]

    def reason(self, scope: str, usual: str = _USUAL) -> str:
        """Return the reason of one who opens a page: the usual one, work on the case, or the first that the person may give."""
        known = self.reasons(scope)
        return usual if usual in known else next(iter(known), usual)

    def choice(self, name: str, among: Container[str]) -> str:
        """Return the code that a form chooses. One that its page does not offer leads nowhere."""
        code = self.typed.get(name, "")
        return code if code in among else abort(404)

    def chosen(self, fits: Callable[[str, str], bool]) -> dict[str, str]:
        """Return the filters of the address, each by its name; anything that does not fit leads nowhere."""
        given = {name: value for name, value in request.args.items() if name != "lang"}
        if not all(fits(name, value) for name, value in given.items()):
            abort(404)
        return {name: value for name, value in given.items() if value}

    def ask(self, service: str, method: str, path: str, scope: str, body: Any = None) -> Answer:
        """Ask a service in the person's name, for one scope. An answer says when the service could not be reached.

        `console` is this service itself: its operation runs here, with the checks that it has over HTTP.
        """
        if service == OWN:
            return self._ask_here(method, path, scope, body)
        token = self.parts.issuer.token(self._staff, service, [scope])
        return self.parts.peers.ask(service, method, path, token, body)

    def _ask_here(self, method: str, path: str, scope: str, body: Any) -> Answer:
        person = self.parts.chassis.staff.person(self._staff)
        for_this = replace(person, rights={name: grant for name, grant in person.rights.items() if name == scope})
        found = ask_here(self.parts, for_this, request.environ["ngao.trace"], method, path, body=body)
        return Answer(OWN, found.status, json.loads(found.body) if found.body else {})

    def known(self, service: str, path: str, scope: str) -> Any:
        """Return what a page cannot do without. What does not exist, and what is not the person's to see, are the same page.

        Raises PartAway.
        """
        found = self.ask(service, "GET", path, scope)
        if found.is_missing:
            raise PartAway(service)
        if not found.is_good:
            abort(404)
        return found.body

    def part(self, service: str, path: str, scope: str) -> Answer | None:
        """Return the answer for a part of a page; None for a person who lacks the scope."""
        return self.ask(service, "GET", path, scope) if self.may(scope) else None

    def done(self, path: str, *answers: Answer, then: Any = "") -> Any:
        """Continue at a page after an act; or say what was not done and why, or that another person must approve it.

        `then` is what the person does once it is approved, if there is anything.
        """
        wrong = next((each for each in answers if not each.is_good), None)
        asked = next((each for each in answers if each.waits_for_approval), None)
        if wrong is None and asked is not None:
            return self.show("asked.html", 202, back=path, until=asked.body["expires_at"], then=then)
        if wrong is None:
            return self.go(path)
        sentence = None if wrong.is_missing else wrong.body.get("detail")
        away = wrong.service if wrong.is_missing else ""
        return self.show("not_done.html", 503 if away else 409, back=path, sentence=sentence, away=away)

    def changed(self, path: str, answer: Answer, who: str, at: Any) -> Any:
        """Say that an act was refused because another person has changed the record meanwhile: who, and when."""
        return self.show("not_done.html", 409, back=path, sentence=answer.body.get("detail"), who=who, at=at)

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page made from a template."""
        return make_response(render_template(template, desk=self, **values), status)

    def show_live(self, template: str, **values: Any) -> Response:
        """Return a page that a script asks for again and again: without a body if the reader has this content already."""
        html, tag = tagged(render_template(template, desk=self, tag=TAG, **values))
        answer = Response(status=304) if request.if_none_match.contains_weak(tag) else make_response(html)
        answer.set_etag(tag)
        return answer

    def go(self, path: str) -> Any:
        """Send the browser on to another page after a form."""
        return redirect(path, 303)

    @property
    def whose(self) -> str:
        """The keyed hash of the account, which the browser's cookie has, too."""
        return keeping.whose(self.parts, self.person.account.id)

    @property
    def is_locked(self) -> bool:
        """Return True if the person has to prove who she is before she sees anything."""
        return self.signed_in is not None and self.signed_in.session.is_locked

    def enter(self, token: str, account_id: str, language: str) -> None:
        """Replace the browser's session by one with this token. Only the account's own kept forms stay valid, and a link."""
        of = keeping.whose(self.parts, account_id)
        stays = (keeping.KEY, keeping.BACK, keeping.LINK) if session.get(keeping.WHOSE) == of else (keeping.LINK,)
        kept = {name: session[name] for name in stays if name in session}
        session.clear()
        session.update(kept, **{TOKEN: token, keeping.WHOSE: of, "language": language})

    def leave(self) -> None:
        """Forget everything that the browser holds."""
        session.clear()

    @property
    def device(self) -> str:
        """A word for the person's device: enough to distinguish their sessions, and nothing that identifies it."""
        agent = request.headers.get("User-Agent", "")
        return next((word for sign, word in _DEVICES.items() if sign in agent), "other")
