"""Fill in a response from an object of a service: its schema alone says which members of the object are shown."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from ngao.contracts import instance_of
from ngao.kernel.records import to_record


def fill(response: type[Schema], value: Any, **others: Any) -> dict[str, Any]:
    """Return the declared members, in their order: `others`, then fields of the dataclass `value` that have the same name.

    What neither of them has is left out.
    """
    names = tuple(instance_of(response).fields)
    given = {**to_record(value, *others, only=names), **others}
    return {name: given[name] for name in names if name in given}
