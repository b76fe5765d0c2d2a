"""What each service publishes of its audit: where the chains are, by number and hash, and nothing of what is on record."""

from __future__ import annotations

from marshmallow import fields, validate

from ngao.contracts.classes import INTERNAL, Pattern, Tolerant

_N = validate.Range(1, 10**12)
_HASH = Pattern("^[0-9a-f]{64}$")
_MOST_CHAINS, _MOST_PASSED = 64, 64


class Passed(Tolerant):
    """An entry that an earlier event named as its chain's last."""

    n = fields.Integer(required=True, strict=True, validate=_N, metadata=INTERNAL)
    hash = fields.String(required=True, validate=_HASH, metadata=INTERNAL)


class Chain(Passed):
    """The last entry of a chain, and the ones named earlier as they are now."""

    chain = fields.Integer(required=True, strict=True, validate=validate.Range(0, _MOST_CHAINS - 1), metadata=INTERNAL)
    passed = fields.List(fields.Nested(Passed), required=True, validate=validate.Length(0, _MOST_PASSED), metadata=INTERNAL)


class AuditHeads(Tolerant):
    """Where the chains of a service's audit are."""

    chains = fields.List(fields.Nested(Chain), required=True, validate=validate.Length(0, _MOST_CHAINS), metadata=INTERNAL)
