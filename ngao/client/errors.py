"""What can go wrong in a partner's or a source's own program.

    ClientError
    ├── BadAccount     the account or key files cannot be used; the message is the way out
    ├── Unreachable    the platform does not answer in time; the same call may be made again
    ├── Refused        the platform said no, and would say no again; carries its field errors, if it named any
    ├── SealBroken     a disclosure that none of our private keys opens, or that is about something else
    └── SignatureBroken  an event that the service which owns its type did not sign

No message ever carries a value from a report or a disclosure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ClientError(Exception):
    """The root of the client's errors. `retryable` says whether the same call may succeed later."""

    slug = "client-error"
    retryable = False


class BadAccount(ClientError):
    """The account file or a key file is missing, incomplete, or open to others."""

    slug = "bad-account"


class Unreachable(ClientError):
    """The broker or the HTTP address does not answer; nothing is known to be lost or done."""

    slug = "unreachable"
    retryable = True


class Refused(ClientError):
    """The platform refused. `status` is the HTTP or AMQP code; `errors` name each broken field, never its value."""

    slug = "refused"

    def __init__(self, message: str, *, status: int, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.errors = list(errors)


class SealBroken(ClientError):
    """A box that does not open here; the sender is told nothing, the message goes to the operators' dead letters."""

    slug = "seal-broken"


class SignatureBroken(ClientError):
    """An event without the owner's signature, where the account names the keys; it goes to the operators' dead letters."""

    slug = "signature-broken"
