"""The errors in a partner's or a source's own program.

    ClientError
    ├── BadAccount     the account or key files cannot be used; the message has the remedy
    ├── Unreachable    the platform does not answer in time; the same call can be repeated
    ├── Refused        the platform refused, and would refuse again; has the invalid fields, if it named any
    ├── SealBroken     a disclosure that none of our private keys opens, or that belongs to another offer
    └── SignatureBroken  an event without a signature of the service that owns its type

No message contains a value from a report or a disclosure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ClientError(Exception):
    """The root of the client's errors. `retryable` says whether the same call may succeed later."""

    slug = "client-error"
    retryable = False


class BadAccount(ClientError):
    """The account file or a key file is missing, incomplete, or readable by other users."""

    slug = "bad-account"


class Unreachable(ClientError):
    """The broker or the HTTP address does not answer. The result of the call is unknown."""

    slug = "unreachable"
    retryable = True


class Refused(ClientError):
    """The platform refused. `status` is the HTTP or AMQP code. `errors` name each invalid field, never its value."""

    slug = "refused"

    def __init__(self, message: str, *, status: int, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.errors = list(errors)


class SealBroken(ClientError):
    """A box that does not open here. The sender is not informed; the message goes to the operators' dead letters."""

    slug = "seal-broken"


class SignatureBroken(ClientError):
    """An event without the owner's signature, if the account has keys. It goes to the operators' dead letters."""

    slug = "signature-broken"
