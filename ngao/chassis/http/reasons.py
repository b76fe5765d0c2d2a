"""The body of an act that an operator gives a reason for."""

from __future__ import annotations

from marshmallow import fields, validate

from ngao.contracts import DataClass, Strict


class Reasoned(Strict):
    """Why it is done; kept in the audit trail."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=200), metadata={"class": DataClass.INTERNAL})
