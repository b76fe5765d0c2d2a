"""Look again for people whom two reports named at the same moment, and renew the keys of names after a change of rules.

Two reports that share a phone or an e-mail meet in its record. Two that share only a similar name do not, if neither was stored
when the other was resolved: each finds no one. A minute later both are there, and a human is asked.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from ngao.chassis.errors import Conflict
from ngao.chassis.handlers import every
from ngao.chassis.observability.logs import get_logger
from services.registry.cases.model import Case
from services.registry.context import Context, RegistryParts
from services.registry.people.finding import cases_of, person_of
from services.registry.people.model import Defender, Person
from services.registry.people.publishing import publish_all
from services.registry.people.resolution import Candidate, Kind
from services.registry.people.resolve import known_as, suggestions_for

SETTLES_IN, OVERLAP, LOOKS_BACK = timedelta(seconds=30), timedelta(minutes=2), timedelta(hours=1)
"""When both records are stored at the latest; by how much two looks overlap; how far the first look goes back."""
_MOST_NEW, _MOST_RENEWED = 20_000, 200
_log = get_logger("registry")


@every(seconds=60)
def look_again(parts: RegistryParts) -> None:
    """Ask a human about each pair that was missed, each in a unit of its own."""
    ctx = parts.read()
    until = ctx.now - SETTLES_IN
    since = ctx.looks.last() or until - LOOKS_BACK
    whole = True
    for refs in ctx.defenders.new_namesakes(since - OVERLAP, until, _MOST_NEW):
        for ref in sorted(refs):
            try:
                parts.run(partial(ask_about, ref=ref, others=refs - {ref}))
            except Conflict as error:  # the next look finds it again
                whole = False
                _log.warning("namesakes.not_asked", error=type(error).__name__)
    if whole:
        parts.run(lambda ctx: ctx.looks.record(until))


@every(seconds=300)
def renew_name_keys(parts: RegistryParts) -> None:
    """Make the keys of names by the rules as they are now, batch after batch."""
    try:
        while parts.run(renew_keys):
            continue
    except Conflict:  # another process does it, or a report came: the next turn continues
        _log.info("name_keys.again")


def renew_keys(ctx: Context) -> int:
    """Make the keys of some records again. Returns how many."""
    found = ctx.defenders.with_old_keys(_MOST_RENEWED)
    for record in found:
        ctx.defenders.save(record)
    return len(found)


def ask_about(ctx: Context, ref: str, others: frozenset[str]) -> None:
    """Make the candidate of a new record's case, if one of these others may be the same person and no one was asked yet.

    All records are written: of two looks at the same moment, the second finds what the first has asked.
    """
    record = ctx.defenders.get(ref)
    case = _new_case(ctx, record) if record else None
    if record is None or case is None or not case.facts.identity:
        return
    people = [person for each in sorted(others) if (person := person_of(ctx, each)) and record not in person.records]
    unasked = [person for person in people if not _is_asked(ctx, record, person)]
    suggestions = suggestions_for(ctx, case.facts.identity, [known_as(person) for person in unasked])
    if not suggestions:
        return
    case.resolution = Kind.CANDIDATE
    ctx.candidates.save(Candidate(case.id, record.id, suggestions, ctx.now))
    for each in (record, *(person.root for person in unasked)):
        ctx.defenders.save(each)
    publish_all(ctx, case)
    ctx.cases.save(case)
    ctx.audit("candidate.found", subject=case.id, detail={"suggestions": str(len(suggestions)), "policy": ctx.policy.version})


def _new_case(ctx: Context, record: Defender) -> Case | None:
    """Return the open case by which the record was created, if it was about a new person and no candidate was ever made of it."""
    cases = [case for case in cases_of(ctx, Person((record,))) if case.is_open]
    is_new = bool(cases) and cases[0].resolution == Kind.NEW and record.linked_to is None
    return cases[0] if is_new and ctx.candidates.get(cases[0].id) is None else None


def _is_asked(ctx: Context, record: Defender, person: Person) -> bool:
    """Return True if a human is asked, or was, whether these are one."""
    own = {each.id for each in person.records}
    about = (*ctx.candidates.about(record.id), *(candidate for ref in own for candidate in ctx.candidates.about(ref)))
    return any(
        candidate.is_about({record.id}) and candidate.is_about(own) for candidate in {each.id: each for each in about}.values()
    )
