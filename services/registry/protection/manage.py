"""Save a new version of a risk assessment with its protection plan, read what there is, and remove it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.chassis.handlers import always, http, itself, nothing
from services.registry.context import Context
from services.registry.people.finding import known_person
from services.registry.people.keeping import forgets, keep_for, release
from services.registry.people.model import Person
from services.registry.people.read import SEES_IDENTITY, audit_reading, reader_of, reader_of_values
from services.registry.people.showing import Reader
from services.registry.protection.model import (
    KEPT_FOR,
    Assessment,
    Content,
    Measure,
    Threat,
    assessment_id,
    moment_of_review,
    newest,
    rate,
)
from services.registry.protection.requests import AssessmentToSave, check_about, check_content
from services.registry.protection.responses import (
    AssessmentSaved,
    AssessmentsRemoved,
    AssessmentsShown,
    TermsShown,
    VersionShown,
    terms_shown,
    version_shown,
)

READS, WRITES = "assessments:read", "assessments:write"
_READ = "assessment.read"
_WHAT = "what an assessment says"


@http.get(
    "/v1/protection/terms",
    roles="operator",
    scope=READS,
    audit=nothing("Scales of policy, no record of a person."),
    returns=TermsShown,
    summary="Read the scales of risk assessments and who may be responsible for a measure, as policy has them.",
)
def show_protection_terms(ctx: Context) -> dict[str, Any]:
    """Show the codes with their labels. It shows no record."""
    return terms_shown(ctx.policy.protection)


@http.get(
    "/v1/defenders/<ref>/assessments",
    roles="operator",
    scope=READS,
    audit=itself(_READ),
    returns=AssessmentsShown,
    summary="List the risk assessments of a person; ?reason= is required, the content needs identity:read.",
)
def read_assessments(ctx: Context, ref: str, *, reason: str) -> dict[str, Any]:
    """Show which versions there are and which hold. Raises NotFound, InvalidInput."""
    return _shown(ctx, ref, reader_of(ctx, reason))


@http.get(
    "/v1/defenders/<ref>/assessments/values",
    roles="operator",
    scope=SEES_IDENTITY,
    audit=itself(_READ),
    returns=AssessmentsShown,
    summary="Read the risk assessments and protection plans of a person that hold; ?reason= is required.",
)
def read_assessment_values(ctx: Context, ref: str, *, reason: str) -> dict[str, Any]:
    """Show their content. Raises NotFound, InvalidInput, and Forbidden for a role that it is hidden from."""
    return _shown(ctx, ref, reader_of_values(ctx, reason, _WHAT))


@http.get(
    "/v1/defenders/<ref>/assessments/<about>/<number>",
    roles="operator",
    scope=SEES_IDENTITY,
    audit=itself(_READ),
    returns=VersionShown,
    summary="Read one version of an assessment, also one that was replaced; ?reason= is required.",
)
def read_assessment_version(ctx: Context, ref: str, about: str, number: str, *, reason: str) -> dict[str, Any]:
    """Show it with its content. Raises NotFound, InvalidInput, Forbidden."""
    reader, person = reader_of_values(ctx, reason, _WHAT), known_person(ctx, ref)
    found = [each for each in versions_of(ctx, person) if (each.about, str(each.number)) == (about, number)]
    if not found:
        raise NotFound("There is no such version.")
    audit_reading(ctx, _READ, person.ref, reader)
    return version_shown(found[-1], reader, ctx.now)


@http.put(
    "/v1/defenders/<ref>/assessments/<about>",
    roles="operator",
    scope=WRITES,
    audit=itself("assessment.saved"),
    request=AssessmentToSave,
    returns=AssessmentSaved,
    summary="Save a new version of an assessment about the person, the family or the organisation.",
)
def save_assessment(ctx: Context, ref: str, about: str, body: dict[str, Any]) -> dict[str, Any]:
    """Save it beside the earlier versions, which stay; its review date is valid from now.

    Raises NotFound, InvalidInput naming the field, and NotAllowedNow if another version was saved since `seen`.
    """
    check_about(about)
    terms, today = ctx.policy.protection, ctx.now.astimezone(ZoneInfo(ctx.policy.zone)).date()
    check_content(body, terms, today)
    person = known_person(ctx, ref)
    earlier = [each for each in versions_of(ctx, person) if each.about == about]
    latest = max((each.number for each in earlier), default=0)
    if body["seen"] != latest:
        raise NotAllowedNow("Another version was saved meanwhile.", slug="assessment-changed")
    for each in earlier:
        if each.is_current:
            each.replace()
            ctx.assessments.save(each)
    saved = _new(ctx, person, about, latest + 1, body)
    ctx.assessments.save(saved)
    keep_for(ctx, person, KEPT_FOR)
    ctx.audit(
        "assessment.saved", subject=person.ref, detail={"about": about, "version": str(saved.number), "policy": terms.version}
    )
    return {"defender_ref": person.ref, "about": about, "number": saved.number, "review_at": saved.review_at}


@http.delete(
    "/v1/defenders/<ref>/assessments/<about>",
    roles="operator",
    scope=WRITES,
    audit=itself("assessment.removed"),
    two_person=always,
    returns=AssessmentsRemoved,
    summary="Remove every version of an assessment: it is not needed any more.",
)
def remove_assessments(ctx: Context, ref: str, about: str) -> dict[str, Any]:
    """Remove them. A second operator approves. Without any other assessment the person is not kept for this. Raises NotFound."""
    person = known_person(ctx, ref)
    every = versions_of(ctx, person)
    those = [each for each in every if each.about == about]
    if not those:
        raise NotFound("There is no such assessment.")
    for each in those:
        ctx.assessments.remove(each)
    if len(those) == len(every):
        release(ctx, person, KEPT_FOR)
    ctx.audit("assessment.removed", subject=person.ref, detail={"about": about, "versions": str(len(those))})
    return {"defender_ref": person.ref, "about": about, "removed": len(those)}


@forgets
def forget_assessments(ctx: Context, ref: str) -> Mapping[str, int]:
    """Remove every version of this record."""
    those = ctx.assessments.of([ref])
    for each in those:
        ctx.assessments.remove(each)
    return {"assessments": len(those)} if those else {}


def versions_of(ctx: Context, person: Person) -> list[Assessment]:
    """Return every version of a person, whichever of her linked records it is on."""
    return ctx.assessments.of(record.id for record in person.records)


def _new(ctx: Context, person: Person, about: str, number: int, body: Mapping[str, Any]) -> Assessment:
    content = Content(
        threats=tuple(Threat(**each) for each in body["threats"]),
        vulnerability=body["vulnerability"],
        capacity=body["capacity"],
        vulnerabilities=tuple(body["vulnerabilities"]),
        capacities=tuple(body["capacities"]),
        measures=tuple(Measure(**{**each, "until": _day(each["until"])}) for each in body["measures"]),
    )
    review_at = moment_of_review(body["review_on"], ctx.policy.zone)
    return Assessment(
        id=assessment_id(person.root.id, about, number),
        defender_ref=person.root.id,
        about=about,
        number=number,
        saved_at=ctx.now,
        saved_by=str(ctx.principal.actor) if ctx.principal else "",
        policy_version=ctx.policy.protection.version,
        review_at=review_at,
        content=content,
        rating=rate(content, ctx.policy.protection),
        ring_at=review_at,
    )


def _day(day: date) -> str:
    return day.isoformat()


def _shown(ctx: Context, ref: str, reader: Reader) -> dict[str, Any]:
    person = known_person(ctx, ref)
    audit_reading(ctx, _READ, person.ref, reader)
    every = versions_of(ctx, person)
    current = newest(every)
    return {
        "defender_ref": person.ref,
        "masked": not reader.sees_identity,
        "current": [version_shown(each, reader, ctx.now) for each in current.values()],
        "history": [version_shown(each, None, ctx.now) for each in reversed(every)],
    }
