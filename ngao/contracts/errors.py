"""Why a message is not what the contract says.

    ContractError
    ├── Undecodable      the bytes are not a CloudEvent in structured JSON
    ├── UnknownType      the catalogue has no such event type
    └── InvalidContent   the data breaks the type's schema; carries one FieldError for each broken field

No error ever carries the offending value: what is wrong is named by a JSON pointer (RFC 6901) and a code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ngao.kernel.problems import FieldError


class ContractError(Exception):
    """The root: a sender and a receiver disagree about a message."""

    slug = "contract-broken"


class Undecodable(ContractError):
    """The bytes are no CloudEvent; the slug says which rule of the envelope they break."""

    slug = "undecodable"


class UnknownType(ContractError):
    """An event type that this version of the catalogue does not know, or that the platform does not send to the reader."""

    slug = "unknown-type"


class InvalidContent(ContractError):
    """The data is invalid; `errors` names every broken field together."""

    slug = "invalid-content"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.code}" for error in errors))
        self.errors = errors


_CODES = (
    ("Missing data", "required"),
    ("Unknown field", "unknown_field"),
    ("Not a valid", "wrong_type"),
    ("Invalid input type", "wrong_type"),
    ("Invalid type", "wrong_type"),
    ("may not be null", "null"),
    ("Must be one of", "unknown_code"),
    ("Length must be", "length"),
    ("Shorter than", "length"),
    ("Longer than", "length"),
    ("Must be ", "range"),
    ("does not match", "format"),
)


MOST_ERRORS = 100


def field_errors(messages: Any) -> list[FieldError]:
    """Flatten marshmallow's nested messages into pointers and codes, values left out; the first hundred."""
    return sorted(islice(_walk(messages, ""), MOST_ERRORS), key=lambda error: error.pointer)


def _walk(messages: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from _walk(value, pointer + step)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, FieldError):
            yield message.under(pointer)
            continue
        text = str(message)
        code, _, detail = text.partition("|")
        if not detail:
            code, detail = next((code for prefix, code in _CODES if prefix in text), "invalid"), text
        yield FieldError(pointer, code, detail)
