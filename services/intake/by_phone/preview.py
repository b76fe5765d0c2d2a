"""Show how urgent a report would be, by its codes alone, before it is sent."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.handlers import http, nothing
from ngao.contracts import codes
from ngao.contracts.classes import INTERNAL, Moment, Strict
from ngao.contracts.schemas import report as report_schema
from ngao.kernel.scopes import HUB
from services.intake.context import IntakeParts
from services.intake.dry_runs.validate import ForeseenShown, foresee
from services.intake.reports.reading import draft_of
from services.intake.sources.model import BY_PHONE

_NO_ONE: dict[str, Any] = {"source_event_id": "", "languages": (), "consent": (), "attachments": ()}


class CodesOfReport(Strict):
    """What triage needs of a report. It has no field for a person or for words, so that a preview can hold neither."""

    occurred_at = Moment(required=True, metadata=INTERNAL)
    occurred_precision = fields.String(load_default="exact", validate=validate.OneOf(codes.PRECISIONS_OF_TIME), metadata=INTERNAL)
    reporter = fields.Nested(report_schema.Reporter, required=True, metadata=INTERNAL)
    violations = fields.List(
        fields.Nested(report_schema.Violation), required=True, validate=validate.Length(min=1, max=20), metadata=INTERNAL
    )
    needs = fields.List(
        fields.String(validate=validate.Length(1, 64)), load_default=list, validate=validate.Length(max=20), metadata=INTERNAL
    )


@http.post(
    "/v1/reports/by-phone/preview",
    roles="operator",
    scope="reports:read",
    audit=nothing("It gets codes, names no person, and stores nothing."),
    request=CodesOfReport,
    returns=ForeseenShown,
    bounded=(HUB,),
    summary="How urgent a report would be, by its codes.",
)
def preview_report(parts: IntakeParts, body: dict[str, Any]) -> dict[str, Any]:
    """Triage codes as if they were a report that is sent now, without the history of anyone. Raises InvalidInput.

    It shows no record, so every reach is heeded.
    """
    return foresee(parts.read(), BY_PHONE, draft_of({**_NO_ONE, **body}))
