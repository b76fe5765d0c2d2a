"""What an operator's key may be allowed to do: every operator operation demands one of these scopes."""

from __future__ import annotations

SCOPES = {
    "approvals:read": "list the acts that wait for a second operator",
    "approvals:write": "approve or reject an act that another operator asked for",
    "audit:read": "verify the audit trail and read its heads",
    "audit:write": "accept that another service's audit trail was put back",
    "cases:read": "list cases, read their story and explain a match",
    "cases:write": "match a case again, settle its needs and decide its urgency",
    "consents:write": "record that a person gives or withdraws a consent",
    "defenders:read": "read a defender's record without names, phones and e-mail addresses",
    "defenders:write": "decide whether two records are one person",
    "identity:read": "see names, phones and e-mail addresses in a defender's record",
    "keys:read": "see the key periods",
    "keys:write": "wrap data keys under the newest period",
    "messages:read": "list messages and read their history",
    "messages:write": "acknowledge a message",
    "narrative:read": "read a report's narrative and what its attachments are",
    "originals:read": "read a body in quarantine as it was posted, names and contacts included",
    "outbox:read": "see which events wait to be published",
    "outbox:write": "publish events again",
    "parked:read": "list parked messages",
    "parked:write": "replay or drop a parked message",
    "partners:read": "read the partner directory",
    "partners:write": "add or change a partner",
    "quarantine:read": "list bodies that could not be read as reports, without what is in them",
    "quarantine:write": "replay or dismiss a body in quarantine",
    "reports:read": "read what a report says in codes: violations, perpetrators' kinds, reasons of its urgency",
    "restrictions:write": "add or lift a restriction",
    "roster:read": "read the roster, addresses masked",
    "roster:write": "change the roster",
    "sources:read": "list sources and read the key that reports are sealed to",
    "sources:write": "add or change a source and make its keys",
}
"""Each scope and what it allows."""

_DIRECTORY = ("partners:read", "roster:read", "sources:read")
_WATCH = ("audit:read", "cases:read", "messages:read", "outbox:read", "parked:read", "quarantine:read", *_DIRECTORY)
_PEOPLE = ("defenders:read", "identity:read", "narrative:read", "originals:read", "reports:read")
_DESK = (*_WATCH, *_PEOPLE, "approvals:read", "cases:write", "messages:write", "quarantine:write")

ROLES = {
    "watch": _WATCH,
    "desk": _DESK,
    "casework": (*_DESK, "consents:write", "defenders:write", "restrictions:write"),
    "directory": ("approvals:read", *_DIRECTORY, "partners:write", "roster:write", "sources:write"),
    "keys": (
        "audit:read",
        "audit:write",
        "keys:read",
        "keys:write",
        "outbox:read",
        "outbox:write",
        "parked:read",
        "parked:write",
    ),
    "approver": ("approvals:read", "approvals:write"),
    "all": tuple(SCOPES),
}
"""Shorthand for several scopes together, by the work of an operator."""
