"""What to do with a failure: the handler says by its error whether trying again can help, this policy says how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pymongo.errors import ConnectionFailure, PyMongoError

from ngao.chassis.errors import NgaoError, Unavailable
from ngao.contracts import ContractError

IMMEDIATE_TRIES = 3


class Kind(StrEnum):
    """The ways to fail."""

    HOLD = "hold"
    """The store does not answer: no message is to blame, so none is moved aside."""
    RETRY = "retry"
    PARK = "park"
    DEAD = "dead"
    """It cannot even be parked: the broker moves it to the dead letters, out of the way of others."""


@dataclass(frozen=True)
class Failure:
    """Why one message was not handled; `slug` is stable and free of any content."""

    kind: Kind
    slug: str


def classify(error: Exception) -> Failure:
    """Sort an error. An unknown one is a bug of the handler: worth some retries (a deployment may fix it), then parking."""
    if isinstance(error, Unavailable | ConnectionFailure):
        return Failure(Kind.HOLD, "unavailable")
    if isinstance(error, NgaoError):
        return Failure(Kind.RETRY if error.retryable else Kind.PARK, error.slug)
    if isinstance(error, ContractError):
        return Failure(Kind.PARK, error.slug)
    if isinstance(error, PyMongoError):
        return Failure(Kind.RETRY, "store-error")
    return Failure(Kind.RETRY, f"handler-error-{type(error).__name__}")
