"""Every error a service may raise, with a stable slug and whether trying again can help.

    NgaoError
    ├── Retryable                 the same work may succeed later
    │   ├── Conflict              someone else changed the record first
    │   ├── Unavailable           a store, broker or peer does not answer
    │   └── StoreRefused          the store answers, and refuses this write
    └── Permanent                 the same work will fail the same way
        ├── InvalidInput          carries one FieldError for each broken field (400, 422)
        ├── Unauthenticated       no key, or an unknown one (401)
        ├── Forbidden             a key that may not do this (403)
        │   └── ScopeNeeded       an operator's key without the scope (403)
        ├── NotFound              no such record, or not yours (404)
        ├── NotAllowedNow         the state of the record forbids it (409)
        ├── TooLarge              over the size limit (413)
        ├── UnsupportedMediaType  an unsupported content type (415)
        ├── TooManyRequests       over the rate limit, after delays (429)
        ├── SealBroken            a ciphertext that does not open: wrong row, wrong key, altered
        └── Misconfigured         the service must not start; the message names the remedy

Messages are sentences for an operator. None ever carries a value of a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from ngao.kernel.problems import FieldError

T = TypeVar("T")


class NgaoError(Exception):
    """The root of all errors that are ours."""

    slug = "error"
    retryable = False
    status = 500
    headers: tuple[tuple[str, str], ...] = ()
    """What an answer over HTTP says besides."""


class Retryable(NgaoError):
    """The same work may succeed later."""

    slug = "retryable"
    retryable = True
    status = 503


class Conflict(Retryable):
    """Someone else changed the record between our reading and our writing."""

    slug = "conflict"


class Unavailable(Retryable):
    """A store, a broker or a peer does not answer."""

    slug = "unavailable"


class StoreRefused(Retryable):
    """The store answers and refuses this very write; others may succeed, so they do not wait behind it."""

    slug = "store-refused"


class Permanent(NgaoError):
    """The same work will fail the same way."""

    slug = "permanent"


class InvalidInput(Permanent):
    """Input that is invalid or names unknown codes; every broken field together."""

    slug = "invalid-input"
    status = 422

    def __init__(
        self, message: str, errors: Sequence[FieldError] = (), *, slug: str | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.errors = list(errors)
        self.slug = slug or self.slug
        self.status = status or self.status


class Unauthenticated(Permanent):
    """No key, or an unknown key: the answer is the same."""

    slug = "unauthenticated"
    status = 401
    headers = (("WWW-Authenticate", 'Bearer realm="ngao"'),)


class Forbidden(Permanent):
    """A valid key that may not do this."""

    slug = "forbidden"
    status = 403


class ScopeNeeded(Forbidden):
    """An operator's key that lacks the scope of the operation; `scope` is its name."""

    slug = "scope-needed"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}; `ngao operator allow` gives it to a key.")
        self.scope = scope


class NotFound(Permanent):
    """No such record, or one that is not yours: which of the two is not said."""

    slug = "not-found"
    status = 404


class NotAllowedNow(Permanent):
    """The record's present state forbids it."""

    slug = "not-allowed-now"
    status = 409

    def __init__(self, message: str, *, slug: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.slug = slug or self.slug
        self.errors = list(errors)


class TooLarge(Permanent):
    """Over the size limit."""

    slug = "too-large"
    status = 413


class UnsupportedMediaType(Permanent):
    """An unsupported content type."""

    slug = "unsupported-media-type"
    status = 415


class TooManyRequests(Permanent):
    """Over the rate limit, after the delays that come first; `retry_after` is in seconds."""

    slug = "too-many-requests"
    status = 429

    def __init__(self, message: str, retry_after: int, *, slug: str | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.headers = (("Retry-After", str(retry_after)),)
        self.slug = slug or self.slug


class SealBroken(Permanent):
    """A ciphertext that does not open here: another row's, another key's, or altered."""

    slug = "seal-broken"


class Misconfigured(Permanent):
    """The service must not start like this; the message names what, where and the remedy."""

    slug = "misconfigured"


@contextmanager
def readable(what: str, way_out: str = "") -> Iterator[None]:
    """Raise Misconfigured for a file that cannot be read; `what` begins the sentence, such as `The settings file x`."""
    try:
        yield
    except OSError as error:
        raise Misconfigured(f"{what} cannot be read ({error.strerror}).{way_out}") from None


def or_not_found(record: T | None, sentence: str) -> T:
    """Return a record that was looked for. Raises NotFound with this sentence when there is none."""
    if record is None:
        raise NotFound(sentence)
    return record
