"""Errors as problem documents (RFC 9457): a stable type, a sentence, the broken fields by name; never a value.

An unexpected error (a bug) is answered with an error id only. The log has the same id, with the error's type and place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pymongo.errors import ConnectionFailure, ExecutionTimeout

from ngao.chassis.errors import InvalidInput, NgaoError, NotAllowedNow, Permanent, ScopeNeeded, Unavailable
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.contracts import ContractError, FieldError, InvalidContent, Undecodable

CONTENT_TYPE = "application/problem+json"
TYPES = "https://ngao.example/problems/"

_STEP = re.compile(r"^(?:[A-Za-z_][A-Za-z0-9_.~-]{0,63}|\d{1,4})$")
_MOST_ERRORS = 100
_STORE_AWAY = (ConnectionFailure, ExecutionTimeout)
"""The errors of a read when the store does not answer. For writes, the committer raises Unavailable."""
_log = get_logger(__name__)


class MethodNotAllowed(Permanent):
    """The path exists, the method does not; the answer lists those that do."""

    slug = "method-not-allowed"
    status = 405

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__("This path does not take this method.")
        self.headers = (("Allow", ", ".join(sorted(allowed))),)


class TooSlow(Permanent):
    """The client did not send its request in time."""

    slug = "request-timeout"
    status = 408


class Overloaded(Unavailable):
    """No worker was free, or the work took too long: whether it was done is not known, so send it again."""

    slug = "overloaded"


@dataclass(frozen=True)
class Problem:
    """One problem document and the headers that go with it."""

    status: int
    slug: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    error_id: str | None = None
    scope: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the members of the document."""
        title = self.slug.replace("-", " ").capitalize()
        always = {"type": TYPES + self.slug, "title": title, "status": self.status, "detail": self.detail}
        sometimes = {"errors": self.errors, "error_id": self.error_id, "scope": self.scope}
        return always | {name: value for name, value in sometimes.items() if value}


def problem_of(error: BaseException) -> Problem:
    """Return the problem document for an error."""
    if isinstance(error, ContractError):
        return _of_contract(error)
    if isinstance(error, _STORE_AWAY):
        error = Unavailable("The store does not answer.")
    if isinstance(error, NgaoError) and error.retryable:
        return Problem(503, error.slug, "Temporarily unavailable. Send the same request again.", headers={"Retry-After": "1"})
    if isinstance(error, NgaoError) and error.status < 500:
        errors = broken_fields(error.errors) if isinstance(error, InvalidInput | NotAllowedNow) else []
        scope = error.scope if isinstance(error, ScopeNeeded) else None
        return Problem(error.status, error.slug, str(error), errors, scope=scope, headers=dict(error.headers))
    return _unexpected(error)


def broken_fields(errors: Iterable[FieldError]) -> list[dict[str, str]]:
    """Return field errors as dictionaries. A step that is no plain field name is shown as `?`: it may be someone's data."""
    return [{**each, "pointer": _safe(each["pointer"])} for each in (error.as_dict() for error in list(errors)[:_MOST_ERRORS])]


def shown_name(name: str) -> str:
    """Return a name if it is a plain field name, else `?`: any other name may be personal data."""
    return name if not name or _STEP.fullmatch(name) else "?"


def _safe(pointer: str) -> str:
    return "/".join(shown_name(step) for step in pointer.split("/"))


def _of_contract(error: ContractError) -> Problem:
    if isinstance(error, Undecodable):
        return Problem(400, error.slug, f"The body cannot be read: {error}.")
    errors = broken_fields(error.errors) if isinstance(error, InvalidContent) else []
    return Problem(422, error.slug, "The event does not match its contract.", errors)


def _unexpected(error: BaseException) -> Problem:
    error_id = uuid4().hex[:16]
    _log.error("http.failed", error_id=error_id, **describe_error(error))
    return Problem(500, "internal-error", "Internal error. Send the error_id to the operator.", error_id=error_id)
