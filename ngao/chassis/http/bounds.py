"""Holds an operator's operation to the bounds of the caller's grant: the records, the reason given, the fields of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.errors import Forbidden
from ngao.chassis.http.call import Call, Response
from ngao.chassis.http.operation import Operation
from ngao.chassis.security.roles import WHOLE
from ngao.contracts import DataClass, instance_of
from ngao.kernel.scopes import EVERY_RECORD

REASON = "reason"
"""The parameter of a query in which a read of a person's record gives its purpose."""


class OutOfReach(Forbidden):
    """An operation on every record, asked for by a key that reaches some only."""

    slug = "out-of-reach"


class PurposeNotAllowed(Forbidden):
    """A reason that policy knows, and that none of the caller's roles may give."""

    slug = "purpose-not-allowed"


class SeenBefore(Schema):
    """The answer of an act as its asker may see it: the fields were left out when the act was done."""


def check_bounds(declared: Operation, call: Call) -> None:
    """Check the operation and the reason against the grant. Raises OutOfReach, PurposeNotAllowed.

    Which records a bounded operation reaches is for its use case to check: see `Principal.reaches`.
    """
    grant = call.principal.grant
    if grant.reach not in {EVERY_RECORD, *declared.bounded}:
        raise OutOfReach(
            f"The role of this key reaches some records only ({grant.reach}), and this operation does not heed that."
        )
    reason = call.query.get(REASON) if REASON in declared.query else None
    if reason and not grant.allows(reason):
        raise PurposeNotAllowed(f"The role of this key may give these reasons: {', '.join(sorted(grant.purposes or ()))}.")


def as_seen(outcome: Any, declared: Operation, call: Call) -> Any:
    """Leave the fields out of an answer that the caller's grant does not show, and those that the declaration does not know."""
    sees = call.principal.grant.sees
    if sees >= WHOLE.sees:
        return outcome
    given = outcome if isinstance(outcome, Response) else Response(200, outcome)
    schema = (declared.responses or {}).get(given.status)
    if given.payload is None or schema is SeenBefore:
        return outcome
    if schema is None:
        return Response(given.status, {}, given.headers)
    return Response(given.status, _part(given.payload, instance_of(schema), sees), given.headers, given.content_type)


def _part(value: Any, schema: Schema, sees: frozenset[DataClass]) -> Any:
    if not isinstance(value, Mapping):
        return None
    known = {field.data_key or name: field for name, field in schema.fields.items()}
    return {name: _seen(each, known[name], sees) for name, each in value.items() if name in known and _shows(known[name], sees)}


def _shows(field: fields.Field[Any], sees: frozenset[DataClass]) -> bool:
    return field.metadata.get("class") in sees


def _seen(value: Any, field: fields.Field[Any], sees: frozenset[DataClass]) -> Any:
    if value is None:
        return None
    if isinstance(field, fields.Nested):
        return [_part(each, field.schema, sees) for each in value] if field.many else _part(value, field.schema, sees)
    if isinstance(field, fields.List):
        return [_seen(each, field.inner, sees) for each in value]
    return value
