"""Accept a source's native body, read through its profile; one that is not accepted goes into quarantine, and is named so.

A form tool does not post again after an error, so no body may be lost: see `quarantine`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from marshmallow import fields

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.chassis.handlers import Call, Response, http
from ngao.chassis.http.body import ANYTHING
from ngao.contracts.classes import INTERNAL
from services.intake.context import IntakeParts
from services.intake.mapping.mapping import RefusedForm, UnreadableReport
from services.intake.mapping.profiles import Profile
from services.intake.mapping.read_form import accept_form, profile_of, read_form
from services.intake.quarantine.keep import QuarantineFull, keep, note_full
from services.intake.quarantine.model import NativeBody
from services.intake.reports.model import LeftOut
from services.intake.reports.posted import JSON
from services.intake.reports.responses import LeftOutShown, ReceiptShown, show


class InboundShown(ReceiptShown):
    """The answer to a native body: the receipt, what the mapping dropped (names only), and what it could not read.

    `quarantined` is true when it is not accepted: it is kept, sealed, until an operator has seen it, and no help is looked for.
    """

    quarantined = fields.Boolean(metadata=INTERNAL)
    quarantine_id = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    mapping_version = fields.String(metadata=INTERNAL)
    discarded = fields.List(fields.String(), metadata=INTERNAL)
    left_out = fields.List(fields.Nested(LeftOutShown), metadata=INTERNAL)


@http.post(
    "/v1/inbound/<source_id>",
    roles="source",
    accepts=(JSON, ANYTHING),
    returns={202: InboundShown},
    summary="Post a native body, mapped by the source's profile.",
)
def post_native(parts: IntakeParts, call: Call, source_id: str) -> Response:
    """Accept a native body, or put it into quarantine; the answer shows which. Errors point into the body that was sent."""
    if source_id != call.principal.id:
        raise NotFound("There is no such source.")
    ctx = parts.read()
    profile = profile_of(ctx, source_id)
    if not call.body.strip():
        raise InvalidInput("The body is empty.", slug="malformed-json", status=400)
    body = NativeBody(source_id, call.body, call.idempotency_key)
    try:
        with call.meter.running():
            form = read_form(profile, body, parts.policy.vocabulary, ctx.now)
    except UnreadableReport as unreadable:
        return Response(202, show(InboundShown, _quarantine(parts, call, body, profile, unreadable)))
    mapped, read = form
    try:
        receipt = parts.run(partial(accept_form, source_id=source_id, form=form), call)
    except (NotAllowedNow, InvalidInput) as refused:
        errors = (LeftOut(error.pointer, error.code) for error in refused.errors)
        why = RefusedForm(refused.slug.replace("-", "_"), (*read.left_out, *errors))
        return Response(202, show(InboundShown, _quarantine(parts, call, body, profile, why)))
    known = {"mapping_version": profile.version, "discarded": mapped.discarded, "left_out": read.left_out}
    return Response(202, show(InboundShown, {"quarantined": False, **receipt, **known}))


def _quarantine(parts: IntakeParts, call: Call, body: NativeBody, profile: Profile, why: UnreadableReport) -> dict[str, Any]:
    try:
        quarantine_id = parts.run(partial(keep, body=body, profile=profile, why=why), call)
    except QuarantineFull:
        parts.run(partial(note_full, source_id=body.source_id), call)
        raise
    return {"quarantined": True, "quarantine_id": quarantine_id, "reason": why.slug, "left_out": why.left_out}
