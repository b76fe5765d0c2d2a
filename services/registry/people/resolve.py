"""Find out who an accepted report is about, and publish it to those who must not act without knowing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice

from ngao.chassis.errors import SealBroken
from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportAccepted, SealedIdentity, StatedConsent
from ngao.kernel.consent import ConsentSnapshot, Statement
from ngao.kernel.phones import readings
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.references import defender_ref
from ngao.kernel.text import clean
from ngao.kernel.urgency import CRITICAL
from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.people.finding import person_of, records_below
from services.registry.people.identity import Identity, ReportedIdentity
from services.registry.people.keeping import keep_after_all
from services.registry.people.model import Defender, Person
from services.registry.people.publishing import publish_all
from services.registry.people.resolution import Candidate, Kind, KnownPerson, Resolution, Suggestion, resolve
from services.registry.people.similarity import similarity

MOST_COMPARED = 100
"""So many records are read and compared for one report, and all that may be of a restricted person.

Those that share an address and have a similar name come first, then those that share an address and have another name.
"""


@on(ReportAccepted)
def resolve_defender(ctx: Context, report: ReportAccepted, envelope: Event) -> None:
    """Find out who a report is about, store and publish it. A case that is known already changes nothing. Raises SealBroken.

    At the first try it is not looked up: if it is known, the commit conflicts.
    """
    if ctx.unit.again and ctx.cases.get(report.case_ref) is not None:
        return
    facts = reported_identity_in(ctx, report.sealed_identity, report.case_ref) if report.sealed_identity else ReportedIdentity()
    referenced = _referenced(ctx, report)
    resolution = resolution_of(ctx, facts.identity, referenced)
    defender = record_for(ctx, resolution, facts.identity)
    case = Case(
        id=report.case_ref,
        defender_ref=defender.id if defender else None,
        resolution=resolution.kind,
        urgent=report.urgency == CRITICAL,
        facts=facts,
        received_at=report.received_at,
        consent_snapshots=(ConsentSnapshot(envelope.sequence or 0, statements_of(report.consent, report.received_at)),),
        policy_version=ctx.policy.version,
        facts_added=not _is_about_known(resolution),
    )
    case.advance_to(envelope.sequence)
    _suggest_to_human(ctx, case, resolution)
    publish_all(ctx, case)
    ctx.cases.save(case)
    _audit(ctx, case, _about_reference(report, referenced))


def _referenced(ctx: Context, report: ReportAccepted) -> Person | None:
    """Return the person whose reference this very source got. From outside, the platform's own references open no record."""
    given = report.defender_ref
    return person_of(ctx, ctx.addresses.owner_of_reference(report.source_id, given)) if given else None


def identify(ctx: Context, case: Case) -> None:
    """Resolve a case that was anonymous until now by the identity that has since arrived."""
    resolution = resolution_of(ctx, case.facts.identity, None)
    defender = record_for(ctx, resolution, case.facts.identity)
    if defender is None:
        return
    ctx.cases.destroy_key(case.id)
    case.defender_ref, case.resolution = defender.id, resolution.kind
    case.facts_added = not _is_about_known(resolution)
    _suggest_to_human(ctx, case, resolution)
    _audit(ctx, case, "none")


def reported_identity_in(ctx: Context, sealed: SealedIdentity, case_ref: str) -> ReportedIdentity:
    """Open the facts that intake sealed about the person, in the form in which they are stored. Raises SealBroken."""
    facts = _read_box(ctx.boxes.open(sealed.key_id, sealed.box), case_ref)
    if facts.identity is None:
        return facts
    identity = normalised(facts.identity, ctx.policy.default_region, ctx.policy.placeholders)
    return replace(facts, identity=None if identity.is_empty else identity)


def _read_box(content: bytes, case_ref: str) -> ReportedIdentity:
    """Return the report's facts about its person. The box names its case, so that it cannot be moved to another.

    Raises SealBroken when the facts are another case's or not what intake writes.
    """
    try:
        raw = json.loads(content)
        if raw["v"] != 1 or raw["case_ref"] != case_ref:
            raise SealBroken("The sealed identity belongs to another case or version.")
        return ReportedIdentity.from_dict(raw)
    except (ValueError, KeyError, TypeError, AttributeError):
        # `from None`: the original error may contain personal data.
        raise SealBroken("The sealed identity cannot be read.") from None


def statements_of(stated: Iterable[StatedConsent], at: datetime) -> tuple[Statement, ...]:
    """Return the consents that a source states in a report or an update, all dated at this moment."""
    return tuple(
        Statement(consent.purpose, tuple(sorted(set(consent.scope))), consent.recipient, consent.until, at) for consent in stated
    )


def normalised(identity: Identity, region: str, placeholders: Placeholders) -> Identity:
    """Return the identity in the form in which it is compared and stored, with the original phones where they differ.

    An impossible number stays as it came, because a partner may still understand it. A placeholder names no one.
    """
    phones = tuple(dict.fromkeys(reading for phone in identity.phones for reading in readings([phone], region)))
    return Identity(
        names=placeholders.real_names(tuple(" ".join(clean(name).split()) for name in identity.names)),
        phones=phones,
        emails=tuple(dict.fromkeys(email.strip().casefold() for email in identity.emails)),
        phones_as_stated=tuple(dict.fromkeys(phone for phone in identity.phones if phone not in phones)),
    )


def resolution_of(ctx: Context, identity: Identity | None, referenced: Person | None) -> Resolution:
    """Decide who this is among all that searches find."""
    return resolve(
        identity,
        _known(ctx, identity) if identity and referenced is None else (),
        ctx.policy.matching,
        similarity,
        referenced=known_as(referenced) if referenced else None,
    )


def _known(ctx: Context, identity: Identity) -> list[KnownPerson]:
    """Return those who share an address or have a similar name, up to a bound; linked records are one person."""
    shares = ctx.addresses.sharing(identity)
    refs = _compared(ctx, shares, ctx.defenders.named_like(identity))
    ctx.defenders.read(refs)
    found: dict[str, tuple[Person, frozenset[str]]] = {}
    for ref in refs:
        person = person_of(ctx, ref)
        if person:
            before = found[person.ref][1] if person.ref in found else frozenset[str]()
            found[person.ref] = (person, before | shares.get(ref, frozenset()))
    return [known_as(person, shared) for person, shared in found.values()]


def _compared(ctx: Context, shares: Collection[str], namesakes: Collection[str]) -> list[str]:
    """Return which of these records are read: a restriction must not be missed because many others fit as well."""
    both = [ref for ref in namesakes if ref in shares]
    refs = list(dict.fromkeys((*both, *shares, *namesakes)))
    if len(refs) <= MOST_COMPARED:
        return refs
    ordered = dict.fromkeys((*both, *ctx.defenders.named(shares), *refs))
    return list(dict.fromkeys((*islice(ordered, MOST_COMPARED), *ctx.defenders.maybe_restricted(refs))))


def suggestions_for(ctx: Context, identity: Identity, known: Iterable[KnownPerson]) -> tuple[Suggestion, ...]:
    """Return which of these persons a human must be asked about."""
    return resolve(identity, known, ctx.policy.matching, similarity).suggestions


def known_as(person: Person, shares: frozenset[str] = frozenset()) -> KnownPerson:
    """Return a person as one who may be looked for; `shares` are the kinds of address that are equal."""
    return KnownPerson(person.ref, person.identity, shares, restricted=bool(person.restrictions))


def record_for(ctx: Context, resolution: Resolution, identity: Identity | None) -> Defender | None:
    """Return the person's record, created if there is none.

    An existing one is not written here: many reports about one person may arrive together, and none of them may wait for
    another. Their facts are added afterwards (`people/add_facts.py`).
    """
    if resolution.kind is Kind.ANONYMOUS:
        return None
    known = ctx.defenders.get(resolution.defender_ref) if resolution.defender_ref else None
    if known is None:
        known = Defender(defender_ref(), identity or Identity(), ctx.now)
        ctx.defenders.save(known)
    for record in records_below(ctx, known):
        if record.fading_since:
            keep_after_all(ctx, record)
    if identity:
        ctx.addresses.add(known.id, identity)
    return known


def _is_about_known(resolution: Resolution) -> bool:
    """Return True if something may be said at this very moment about a person of whom the case is, or may be, one."""
    return resolution.kind in (Kind.EXISTING, Kind.BY_REFERENCE, Kind.CANDIDATE)


def _suggest_to_human(ctx: Context, case: Case, resolution: Resolution) -> None:
    if resolution.kind is Kind.CANDIDATE and case.defender_ref:
        ctx.candidates.save(Candidate(case.id, case.defender_ref, resolution.suggestions, ctx.now))


def _audit(ctx: Context, case: Case, reference: str) -> None:
    detail = {"resolution": case.resolution, "policy": case.policy_version, "reference": reference}
    ctx.audit("defender.resolved", subject=case.id, detail=detail)


def _about_reference(report: ReportAccepted, referenced: Person | None) -> str:
    if report.defender_ref is None:
        return "none"
    return "known" if referenced else "unknown"
