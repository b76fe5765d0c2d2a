"""Accept reports over HTTP, one or a batch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ngao.chassis.handlers import Call, Response, http
from ngao.chassis.http.problems import problem_of
from ngao.contracts.schemas.report import Report as ReportSchema
from services.intake.context import IntakeParts
from services.intake.reports.posted import ACCEPTED, MANY, Posted, accept_posted, posted, posted_many
from services.intake.reports.responses import ReceiptShown


@http.post(
    "/v1/reports",
    roles="source",
    request=ReportSchema,
    accepts=ACCEPTED,
    returns={202: ReceiptShown},
    summary="Post one report, or a batch of them.",
)
def post_reports(parts: IntakeParts, call: Call) -> Response:
    """Accept reports: 202 means that they are stored permanently. A batch gets an answer for each item, committed together."""
    source_id = call.principal.id
    if call.content_type not in MANY:
        return Response(202, parts.run(partial(accept_posted, source_id=source_id, report=posted(call)), call))
    items = posted_many(call)
    works = [partial(accept_posted, source_id=source_id, report=item) for item in items if isinstance(item, Posted)]
    done = iter(parts.run_all(works, call))
    outcomes = (next(done) if isinstance(item, Posted) else item for item in items)
    return Response(202, {"results": [_result(at, outcome) for at, outcome in enumerate(outcomes)]})


def _result(index: int, outcome: Mapping[str, Any] | Exception) -> dict[str, Any]:
    """Return one item's answer in the answer to a batch."""
    if isinstance(outcome, Exception):
        problem = problem_of(outcome)
        return {"index": index, "status": problem.status, "problem": problem.document()}
    return {"index": index, "status": 202, **outcome}
