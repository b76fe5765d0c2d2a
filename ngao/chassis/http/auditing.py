"""The audit entry of an operator's operation, declared beside its scope.

An operation that shows records of persons writes an audit entry before it answers. With `Itself` the use case writes the entry
in its own transaction; with `Lists` and `Shows` the chassis writes it. `Nothing` says why the operation needs no entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ngao.chassis.http.call import Call, Response
from ngao.chassis.storage.readings import LIST_READ, Readings

if TYPE_CHECKING:
    from ngao.chassis.http.operation import Operation


@dataclass(frozen=True)
class Lists:
    """The answer is a list of records under this name: who read it, with which filters, and how many were shown."""

    name: str


@dataclass(frozen=True)
class Shows:
    """The answer is one record, which this variable of the path names."""

    action: str
    variable: str


@dataclass(frozen=True)
class Itself:
    """The use case writes an audit entry with one of these actions, in the transaction of its changes."""

    actions: tuple[str, ...]


@dataclass(frozen=True)
class Nothing:
    """The answer holds no record of a person."""

    why: str


Audited = Lists | Shows | Itself | Nothing


lists, shows, nothing = Lists, Shows, Nothing
"""As they are written in a declaration."""


def itself(*actions: str) -> Itself:
    """Declare that the use case writes the entry itself."""
    return Itself(actions)


def check(declared: Operation) -> None:
    """Refuse an operation of operators without a declared audit entry, or with a declaration that contradicts it."""
    audited = declared.audit
    if "operator" not in declared.roles:
        return
    if audited is None or audited in (Itself(()), Nothing("")):
        raise TypeError(f"{declared.operation}: an operation of operators declares what it puts on record, or why it does not")
    if isinstance(audited, Nothing | Lists) and declared.scope.endswith(":write"):
        raise TypeError(f"{declared.operation}: an operation that changes something puts that on record itself")
    if isinstance(audited, Shows) and f"<{audited.variable}>" not in declared.path:
        raise TypeError(f"{declared.operation}: {audited.variable} is no variable of its path")


def put_on_record(declared: Operation, readings: Readings, call: Call, values: Mapping[str, str], outcome: Any) -> None:
    """Commit the audit entry of an answer before it is sent. Raises Unavailable; the answer is then not shown."""
    if call.principal.kind != "operator":
        return
    audited, actor = declared.audit, call.principal.actor
    if isinstance(audited, Lists):
        payload = outcome.payload if isinstance(outcome, Response) else outcome
        readings.listed(actor, audited.name, call.query, len(payload[audited.name]), call.trace)
    elif isinstance(audited, Shows):
        readings.shown(actor, audited.action, values[audited.variable], call.trace)


def described(audited: Audited) -> dict[str, Any]:
    """Return the declaration as it is in the OpenAPI document."""
    match audited:
        case Lists(name):
            return {"action": LIST_READ, "list": name}
        case Shows(action):
            return {"action": action}
        case Itself(actions):
            return {"actions": list(actions)}
        case Nothing(why):
            return {"none": why}
