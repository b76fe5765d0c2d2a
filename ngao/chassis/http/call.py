"""What a handler is given and what it gives back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security.identity import Principal
from ngao.contracts import Undecodable, field_errors, parse_json


@dataclass(frozen=True)
class Call:
    """One authenticated request. `trace` is a W3C traceparent, ready for events; `chassis` is for the chassis's own pages."""

    principal: Principal
    body: bytes
    content_type: str
    headers: Mapping[str, str]
    query: dict[str, str]
    trace: str
    idempotency_key: str | None = None
    schema: type[Schema] | None = None
    chassis: Any = field(default=None, repr=False)

    def json(self) -> Any:
        """The body, parsed strictly; raises InvalidInput (400, `malformed-json`) that says where, never what."""
        try:
            return _parse(self.body)
        except Undecodable as error:
            raise InvalidInput(f"The body is not acceptable JSON: {error}.", slug="malformed-json", status=400) from None

    def load(self, schema: type[Schema] | Schema | None = None) -> Any:
        """The body, loaded by a schema, or by the one the entrypoint declares; raises InvalidInput naming every broken field."""
        chosen = schema or self.schema
        if chosen is None:
            raise TypeError("load() needs a schema, here or as request= of @http")
        document = self.json()
        try:
            return (chosen() if isinstance(chosen, type) else chosen).load(document)
        except ValidationError as error:
            raise InvalidInput("The body breaks its schema; `errors` names every field.", field_errors(error.messages)) from None


@dataclass(frozen=True)
class Answer:
    """What goes back: a payload of plain JSON values (datetimes become RFC 3339 text), or None for no body."""

    status: int
    payload: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Text(Answer):
    """An answer that is not JSON; the payload is bytes."""

    content_type: str = "text/plain; charset=utf-8"


def _parse(body: bytes) -> Any:
    try:
        parsed = parse_json(body)
        # Half a surrogate pair (`\ud800`) is JSON but not Unicode: no store and no queue would take it.
        if b"\\u" in body:
            json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Undecodable("a string holds half a surrogate pair") from None
    except ValueError:
        # Python refuses integers of more than 4,300 digits with a plain ValueError.
        raise Undecodable("a number is too long") from None
    return parsed
