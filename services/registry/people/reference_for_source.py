"""Give one source a reference of its own for a person, so that what one source holds is of no use to another."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, itself
from services.registry.context import Context
from services.registry.people.finding import known_person
from services.registry.people.responses import ReferenceShown, SourceRequest


@http.post(
    "/v1/defenders/<ref>/source-references",
    roles="operator",
    scope="defenders:write",
    audit=itself("reference.given"),
    request=SourceRequest,
    returns=ReferenceShown,
    operation="nameForSource",
    summary="Give a source a reference of its own for this person.",
)
def reference_for_source(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the reference by which this source, and no other, may report about the person again. Raises NotFound."""
    source_id = body["source_id"]
    person = known_person(ctx, ref)
    given = ctx.addresses.reference_for_source(person.ref, source_id)
    ctx.audit("reference.given", subject=person.ref, detail={"source": source_id})
    return {"source_id": source_id, "reference": given}
