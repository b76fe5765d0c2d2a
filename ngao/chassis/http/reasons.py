"""The body of an act that an operator gives a reason for."""

from __future__ import annotations

from marshmallow import fields, validate

from ngao.contracts import INTERNAL, Strict


class Reasoned(Strict):
    """Why it is done; kept in the audit trail."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=200), metadata=INTERNAL)
