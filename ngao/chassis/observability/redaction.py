"""The allow-list of log fields. Not listed means not shown: a forgotten key costs a word, never a person.

A value passes when its key is on the list of internal words (or ends like one) and it has the form of a code, or when it
is by its form one of our own references. Digits that could be a telephone number never pass.
"""

from __future__ import annotations

import re
from typing import Any

from ngao.kernel.log_words import HIDDEN, REFERENCE, SHOWN

REDACTED = "[redacted]"

_WORDS = frozenset((
    "action", "attempt", "attempts", "batch", "burst", "channel", "class", "code", "count", "delay",
    "duplicate", "duration", "error", "event", "exchange", "from", "host", "index", "interval", "kind", "language",
    "level", "limit", "logger", "method", "missing", "mode", "name_of_check", "number", "operation", "outcome",
    "period", "pid", "policy", "port", "principal", "purpose", "queue", "reason", "result", "revision", "role",
    "route", "scope", "service", "signal", "size", "slug", "stage", "state", "status", "step", "table",
    "template", "tier", "to", "topic", "type", "urgent", "version", "vhost", "what", "where",
    "worker",
)) | SHOWN  # fmt: skip
_ENDINGS = (
    "_at", "_bytes", "_class", "_code", "_codes", "_count", "_id", "_kind", "_ms", "_of", "_reason", "_ref", "_s",
    "_seconds", "_slug", "_state", "_status", "_type", "_types", "_version",
)  # fmt: skip
_FORBIDDEN = frozenset((
    "address", "args", "attributes", "authorization", "body", "code_word", "contact", "content", "data", "detail",
    "email", "emails", "identity", "key", "kwargs", "message", "name", "names", "number_of_phone",
    "password", "payload", "phone", "phones", "query", "secret", "subject_name", "text", "token", "url", "value",
    "values",
)) | HIDDEN  # fmt: skip
_REFERENCE = re.compile(rf"^(?:[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{REFERENCE}|[0-9a-f]{{16}}|[0-9a-f]{{32}})$")
_CODE = re.compile(r"^[A-Za-z0-9<_/][A-Za-z0-9_.:/<>*#-]{0,159}$")
_PLACE = re.compile(r"^[\w./<>-]{1,200}:\d{1,6} [\w<>]{1,80}$")
_TELEPHONE = re.compile(r"\d{7}")
_EVENT = re.compile(r"^[a-z][a-z0-9_.-]{0,79}$")
_LARGEST_PLAIN_NUMBER = 1_000_000


def passes(key: str, value: Any) -> bool:
    """Return True if this value may be shown under this key."""
    if value is None or isinstance(value, bool):
        return True
    if key in _FORBIDDEN:
        return False
    if isinstance(value, int | float):
        return _listed(key) or abs(value) < _LARGEST_PLAIN_NUMBER
    if isinstance(value, list | tuple):
        return all(passes(key, each) for each in value)
    return isinstance(value, str) and (bool(_REFERENCE.fullmatch(value)) or _is_code(key, value))


def redact(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the same fields with everything replaced that may not be shown; `event` must be a slug."""
    shown = {key: value if passes(key, value) else REDACTED for key, value in fields.items() if key != "event"}
    event = fields.get("event")
    return {"event": event if isinstance(event, str) and _EVENT.fullmatch(event) else REDACTED, **shown}


def _listed(key: str) -> bool:
    return key in _WORDS or key.endswith(_ENDINGS)


def _is_code(key: str, value: str) -> bool:
    if key == "error_at":
        return bool(_PLACE.fullmatch(value))
    return _listed(key) and bool(_CODE.fullmatch(value)) and not _TELEPHONE.search(value)
