"""Parts of requests that several features share."""

from __future__ import annotations

from ngao.chassis.errors import InvalidInput
from ngao.contracts import FieldError
from ngao.contracts.classes import Strict


class NothingRequest(Strict):
    """An empty object, or no body at all."""


def whole_number(name: str, given: str, highest: int) -> int:
    """Read a number of the query; raises InvalidInput."""
    if not (given.isascii() and given.isdigit() and len(given) < 16 and int(given) <= highest):
        detail = f"Must be a whole number from 0 to {highest}."
        raise InvalidInput("The query is invalid; `errors` names it.", [FieldError(f"/{name}", "range", detail)])
    return int(given)
