"""What the registry says."""

from __future__ import annotations

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, SEALED, Moment, Tolerant


class Restriction(Tolerant):
    """A standing rule of the person: never refer them to this partner."""

    kind = fields.String(required=True, metadata=INTERNAL)
    partner_id = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    reason = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)


class ContactSummary(Tolerant):
    """Whether and by which kind of channel the person may be told something; no address, no hours."""

    may_contact = fields.Boolean(required=True, metadata=INTERNAL)
    channels = fields.List(fields.String(), required=True, metadata=INTERNAL)


class DefenderResolved(Tolerant):
    """Who the case is about, as a reference; `resolution` says how the registry knows."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    defender_ref = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    resolution = fields.String(required=True, metadata=INTERNAL)
    restrictions = fields.List(fields.Nested(Restriction), required=True, metadata=INTERNAL)
    attributes = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=dict, metadata=INTERNAL)
    contact = fields.Nested(ContactSummary, required=True, metadata=INTERNAL)


class ConsentChanged(Tolerant):
    """A consent was given or withdrawn after the report."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    defender_ref = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    purpose = fields.String(required=True, metadata=INTERNAL)
    scope = fields.List(fields.String(), required=True, metadata=INTERNAL)
    recipient = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    until = Moment(lasting=True, load_default=None, allow_none=True, metadata=INTERNAL)
    granted = fields.Boolean(required=True, metadata=INTERNAL)
    effective_at = Moment(required=True, metadata=INTERNAL)


class ContactDisclosed(Tolerant):
    """How to reach the person safely, sealed to the one partner that accepted.

    `supersedes` is true if it replaces what this offer was told before, which must not be used any more.
    """

    case_ref = fields.String(required=True, metadata=INTERNAL)
    offer_id = fields.String(required=True, metadata=INTERNAL)
    partner_id = fields.String(required=True, metadata=INTERNAL)
    case_salt = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    key_id = fields.String(required=True, metadata=INTERNAL)
    box = fields.String(required=True, metadata=SEALED)
    supersedes = fields.Boolean(load_default=False, metadata=INTERNAL)
