"""Decide whether two records are the same person. Nothing is merged, so either answer can be changed."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import http, itself
from services.registry.candidates.decisions_of_two import link_loosens, separation_loosens
from services.registry.candidates.finding import candidate_of, demand_unchanged, record_of, suggested_record
from services.registry.candidates.responses import (
    CandidateShown,
    CandidatesShown,
    Decided,
    LinkRequest,
    decided_answer,
    review_answer,
)
from services.registry.candidates.touched import touched_by
from services.registry.context import Context
from services.registry.people.finding import cases_of, person_of, root_of
from services.registry.people.identity import Identity
from services.registry.people.keeping import let_fade_if_not_needed
from services.registry.people.model import Defender
from services.registry.people.read import as_shown, audit_reading, reader_of, safe_contact
from services.registry.people.resolution import Candidate, Kind, Verdict
from services.registry.people.showing import KnownOf, Reader, Review, SafeContact

_AT_ONCE = 100


@http.get(
    "/v1/candidates",
    roles="operator",
    scope="defenders:read",
    audit=itself("candidate.read"),
    returns=CandidatesShown,
    summary="List cases whose person may be known already; ?reason= is required.",
)
def list_candidates(ctx: Context, *, reason: str) -> dict[str, Any]:
    """Show the undecided candidates, oldest first, each beside the persons it may be."""
    reader = reader_of(ctx, reason)
    return {"candidates": [review_answer(review(ctx, candidate, reader)) for candidate in ctx.candidates.open(_AT_ONCE)]}


@http.get(
    "/v1/candidates/<case_ref>",
    roles="operator",
    scope="defenders:read",
    audit=itself("candidate.read"),
    returns=CandidateShown,
    summary="Show one candidate, decided or not; ?reason= is required.",
)
def show_candidate(ctx: Context, case_ref: str, *, reason: str) -> dict[str, Any]:
    """Show one candidate beside the persons it may be, and who has decided what. Raises NotFound, InvalidInput."""
    reader = reader_of(ctx, reason)
    return review_answer(review(ctx, candidate_of(ctx, case_ref), reader))


@http.post(
    "/v1/candidates/<case_ref>/link",
    roles="operator",
    scope="defenders:write",
    audit=itself("candidate.linked"),
    two_person=link_loosens,
    request=LinkRequest,
    returns=Decided,
    summary="Link a case to a person: they are the same. ?seen= is the revision that was decided about.",
)
def link_candidate(ctx: Context, case_ref: str, body: dict[str, Any], *, seen: str = "") -> dict[str, Any]:
    """Link the case's record to the known one: they are the same person. Raises NotFound, NotAllowedNow."""
    to = body["defender_ref"]
    candidate = candidate_of(ctx, case_ref)
    demand_unchanged(candidate, seen)
    record = record_of(ctx, candidate.defender_ref)
    target = root_of(ctx, suggested_record(ctx, candidate, to))
    if record.linked_to != target.id and root_of(ctx, target).id == record.id:
        raise NotAllowedNow("That record is already linked to this one.", slug="already-linked")
    ctx.defenders.save(target)  # so that a case that comes for it at this moment conflicts
    return _decide(ctx, candidate, record, target)


@http.post(
    "/v1/candidates/<case_ref>/separate",
    roles="operator",
    scope="defenders:write",
    audit=itself("candidate.separate"),
    two_person=separation_loosens,
    returns=Decided,
    summary="Keep two persons apart; an earlier link is removed. ?seen= is the revision that was decided about.",
)
def separate_candidate(ctx: Context, case_ref: str, *, seen: str = "") -> dict[str, Any]:
    """Keep two persons apart and remove an earlier link. Raises NotFound, NotAllowedNow."""
    candidate = candidate_of(ctx, case_ref)
    demand_unchanged(candidate, seen)
    return _decide(ctx, candidate, record_of(ctx, candidate.defender_ref), None)


def _decide(ctx: Context, candidate: Candidate, record: Defender, target: Defender | None) -> dict[str, Any]:
    """Store the decision, and publish what holds now to every open case of either side: a link brings restrictions."""
    touched = touched_by(ctx, record, *([target] if target else ()))
    verdict = Verdict.LINKED if target else Verdict.SEPARATE
    candidate.decide(verdict, by=str(ctx.actor), at=ctx.now)
    record.linked_to = target.id if target else None
    ctx.candidates.save(candidate)
    ctx.defenders.save(record)
    for each in touched:
        if each.case.id == candidate.id:
            each.case.resolution = Kind.EXISTING if target else Kind.NEW
        each.publish(ctx)
    detail = {"defender_ref": record.id, **({"linked_to": target.id} if target else {})}
    ctx.audit(f"candidate.{verdict}", subject=candidate.id, detail=detail)
    _let_go(ctx, candidate, record)
    return decided_answer(candidate)


def _let_go(ctx: Context, candidate: Candidate, record: Defender) -> None:
    """Let fade whom nothing but this candidate has kept. Each is written, so that an erasure of their last case conflicts."""
    refs = [record.id, *(suggestion.defender_ref for suggestion in candidate.suggestions)]
    for person in [person for ref in refs if (person := person_of(ctx, ref))]:
        ctx.defenders.save(person.root)
    let_fade_if_not_needed(ctx, refs)


def review(ctx: Context, candidate: Candidate, reader: Reader) -> Review:
    """Read one candidate beside the persons it may be, and audit it."""
    audit_reading(ctx, "candidate.read", candidate.id, reader)
    suggested = [suggestion.defender_ref for suggestion in candidate.suggestions]
    return Review(
        candidate,
        _identity(ctx, candidate.defender_ref, reader),
        {ref: _identity(ctx, ref, reader) for ref in suggested},
        not reader.sees_identity,
        {ref: _contact_of(ctx, ref, reader) for ref in (candidate.defender_ref, *suggested)},
        {ref: _known_of(ctx, ref) for ref in (candidate.defender_ref, *suggested)},
    )


def _contact_of(ctx: Context, ref: str, reader: Reader) -> tuple[SafeContact, ...]:
    person = person_of(ctx, ref)
    return safe_contact(ctx, person, cases_of(ctx, person), reader) if person else ()


def _known_of(ctx: Context, ref: str) -> KnownOf:
    person = person_of(ctx, ref)
    cases = cases_of(ctx, person) if person else []
    return KnownOf(len(cases), cases[-1].received_at if cases else None, len(person.restrictions) if person else 0)


def _identity(ctx: Context, ref: str, reader: Reader) -> Identity:
    person = person_of(ctx, ref)
    return as_shown(person.identity, reader) if person else Identity()
