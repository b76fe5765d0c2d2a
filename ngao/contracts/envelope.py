"""The envelope of every event: CloudEvents 1.0 in structured JSON (cloudevents.io, `spec.md` and `json-format.md`).

Context attributes may be logged by anyone on the path, so none of them ever holds anything about a person:
the subject is a case reference, which resolves to nothing outside the platform.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from ngao.contracts.errors import InvalidContent, Undecodable
from ngao.kernel import traces
from ngao.kernel.problems import FieldError

CONTENT_TYPE = "application/cloudevents+json"
MAX_DEPTH = 32
MOST_VALUES = 5_000
"""In one document. A report with all it may hold has some 700; a value costs its reader ten times what it costs its sender."""
MOST_MEMBERS = 1_000
"""In one list or object."""
BYTE_ORDER_MARK = "\ufeff"

_MOST_DIGITS = 18
_EXTENSIONS = ("sequence", "traceparent", "dataclassification", "partnerid", "urgent", "signaturekid", "signature")
_REQUIRED = ("id", "source", "type")
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\")
_LONE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_NAME = re.compile(r"^[a-z0-9]{1,20}$")
# A whole string, also one that never ends, is one match: what is inside it costs nothing and is never read twice.
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)


@dataclass(frozen=True)
class Event:
    """One thing that happened, as its owner publishes it.

    `sequence` counts up for each subject and source, so that a late event can be distinguished from a new one; it is given
    at commit, so an event that has not been committed has none. `urgent` chooses the queue and is carried so that
    a replay goes the same way. `signaturekid` names the key that signs it (see `signed`). `notice` is the data of the
    smaller form for services that get no more (see `forms`); it is never a part of the document.
    """

    type: str
    source: str
    subject: str
    data: Mapping[str, Any]
    id: str
    time: datetime
    urgent: bool = False
    sequence: int | None = None
    traceparent: str | None = None
    dataclassification: str = "internal"
    partnerid: str | None = None
    signaturekid: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    notice: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def routing_key(self) -> str:
        """Return `<urgent|routine>.<type>`: the key that a subscription binds to."""
        return f"{'urgent' if self.urgent else 'routine'}.{self.type}"


def encode(event: Event) -> bytes:
    """Write an event as structured JSON (UTF-8)."""
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataclassification": event.dataclassification,
        "urgent": event.urgent,
        **event.extra,
    }
    sequence = None if event.sequence is None else f"{event.sequence:012d}"
    own = {"traceparent": event.traceparent, "partnerid": event.partnerid, "signaturekid": event.signaturekid}
    document |= {name: value for name, value in {"sequence": sequence, **own}.items() if value}
    document["data"] = event.data
    return msgspec.json.encode(document)


def decode(body: bytes) -> Event:
    """Read structured JSON into an event. Raises Undecodable, or InvalidContent naming the attributes."""
    return from_document(parse_json(body))


def parse_json(body: bytes, most_values: int = MOST_VALUES) -> Any:
    """Parse JSON strictly: UTF-8 only, no NaN, no repeated keys, bounded in depth and values. Raises Undecodable.

    A byte order mark at the start is no content (RFC 8259, 8.1 lets a reader ignore it; spreadsheets and Windows write it).
    The bounds are checked before anything is made of the text, and the check ends at the first one that is passed.
    """
    try:
        text = body.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError:
        raise Undecodable("not UTF-8") from None
    if not _is_small(text, most_values):
        _count(text, most_values)
    if "\\ud" in text.lower() and _has_lone_surrogate(text):
        raise Undecodable("a text holds half a surrogate pair")
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_no_repeats)
    except json.JSONDecodeError as error:
        # `from None`: the original error carries the whole document.
        raise Undecodable(f"not JSON at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise Undecodable("a number has too many digits") from None
    except RecursionError:
        raise Undecodable(f"nested deeper than {MAX_DEPTH} levels") from None


def from_document(document: Any) -> Event:
    """Check the context attributes of a parsed document and make an Event of it."""
    if not isinstance(document, dict):
        raise Undecodable("a CloudEvent is a JSON object")
    if document.get("specversion") != "1.0":
        raise Undecodable("specversion must be 1.0")
    broken = [
        FieldError(f"/{name}", "required", "A CloudEvent needs this attribute.")
        for name in _REQUIRED
        if not isinstance(document.get(name), str) or not document[name]
    ]
    if "data_base64" in document:
        broken.append(FieldError("/data_base64", "unsupported", "Binary data is not accepted."))
    when = _time(document.get("time"), broken)
    sequence = _sequence(document.get("sequence"), broken)
    if broken:
        raise InvalidContent(broken)
    known = {"specversion", "time", "subject", "datacontenttype", "data", *_REQUIRED, *_EXTENSIONS}
    extra = {
        name: value
        for name, value in document.items()
        if name not in known and _NAME.fullmatch(name) and isinstance(value, str | int | bool)
    }
    data = document.get("data")
    return Event(
        type=document["type"],
        source=document["source"],
        subject=str(document.get("subject") or ""),
        data=data if isinstance(data, dict) else {},
        id=document["id"],
        time=when,
        urgent=document.get("urgent") is True,
        sequence=sequence,
        traceparent=traces.parse(_text(document.get("traceparent"))),
        dataclassification=_text(document.get("dataclassification")) or "internal",
        partnerid=_text(document.get("partnerid")),
        signaturekid=_text(document.get("signaturekid")),
        extra=extra,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _time(value: Any, broken: list[FieldError]) -> datetime:
    if value is None:
        return datetime.now(UTC)
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        broken.append(FieldError("/time", "format", "Must be an RFC 3339 timestamp."))
        return datetime.now(UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _sequence(value: Any, broken: list[FieldError]) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    broken.append(FieldError("/sequence", "format", f"Must be a string of up to {_MOST_DIGITS} digits."))
    return None


def _has_lone_surrogate(text: str) -> bool:
    """Return True for half a pair (RFC 8259, 8.2): it parses, but its text can never be written as UTF-8 again."""
    return bool(_LONE.search(_PAIR.sub("", text)))


def count_values(body: bytes) -> int:
    """Return how many values a text of JSON holds, at most. Raises Undecodable as soon as a bound is passed."""
    return _count(body.decode("utf-8", "replace"), MOST_VALUES)


def _is_small(text: str, most_values: int) -> bool:
    """Return True if there are too few brackets and commas, inside strings or not, for a bound to be passed."""
    opened = text.count("[") + text.count("{")
    return opened <= MAX_DEPTH and opened + text.count(",") < min(most_values, MOST_MEMBERS)


def _count(text: str, most_values: int) -> int:
    """Bound the cost of a text before the parser and every reader after it pay for it."""
    values = 1
    members: list[int] = []
    for found in _STRUCTURE.finditer(text):
        mark = found[0]
        if mark == ",":
            values += 1
            if members:
                members[-1] += 1
        elif mark in ("[", "{"):
            values += 1
            members.append(1)
        elif mark in ("]", "}") and members:
            members.pop()
        if values > most_values:
            raise Undecodable(f"it holds more than {most_values} values")
        if len(members) > MAX_DEPTH:
            raise Undecodable(f"nested deeper than {MAX_DEPTH} levels")
        if members and members[-1] > MOST_MEMBERS:
            raise Undecodable(f"a list or an object holds more than {MOST_MEMBERS} members")
    return values


def _refuse_constant(_name: str) -> Any:
    raise Undecodable("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Undecodable("a number is too large")
    return number


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Undecodable("an object repeats a name")
    return made
