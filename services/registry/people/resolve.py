"""Find out who an accepted report is about, and say so to those who must not act without knowing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from ngao.kernel.consent import Statement, Telling
from services.registry.cases.model import Case
from services.registry.people.finding import person_of, say_all
from services.registry.people.identity import Identity, Told
from services.registry.people.model import Defender, Person
from services.registry.people.resolution import Candidate, Kind, Known, Resolution, resolve
from services.registry.people.sealed_identity import read_box
from services.registry.ports import REGISTRY, Ports

MOST_COMPARED = 100
"""So many records are read and compared for one report; those that share an address and have a similar name come first."""


@dataclass(frozen=True)
class AcceptedReport:
    """What intake said. `sealed` is key id and box; `consents` count from `received_at`."""

    case_ref: str
    source_id: str
    urgent: bool
    received_at: datetime
    consents: tuple[Statement, ...]
    defender_ref: str | None
    sealed: tuple[str, str] | None
    sequence: int | None


def resolve_defender(ports: Ports, report: AcceptedReport) -> None:
    """Resolve, store, say; a case that is known already changes nothing. Raises SealBroken."""
    if ports.cases.get(report.case_ref) is not None:
        return
    told = _told(ports, report)
    referenced = _referenced(ports, report)
    resolution = _resolve(ports, told.identity, referenced)
    defender = _record_for(ports, resolution, told.identity)
    case = _case(ports, report, told, resolution, defender)
    _ask_a_human(ports, case, resolution)
    say_all(ports, case)
    ports.cases.save(case)
    _audit(ports, case, _about_reference(report, referenced))


def _referenced(ports: Ports, report: AcceptedReport) -> Person | None:
    """The person whose reference was given to this very source; the platform's own references open nothing from outside."""
    given = report.defender_ref
    return person_of(ports, ports.defenders.named_by_source(report.source_id, given)) if given else None


def identify(ports: Ports, case: Case) -> None:
    """Resolve a case that was anonymous until now by the identity that it has since been told."""
    resolution = _resolve(ports, case.told.identity, None)
    defender = _record_for(ports, resolution, case.told.identity)
    if defender is None:
        return
    ports.keys.destroy_case(case.id)
    case.defender_ref, case.resolution = defender.id, resolution.kind
    case.absorbed = resolution.kind is not Kind.EXISTING
    _ask_a_human(ports, case, resolution)
    _audit(ports, case, "none")


def _told(ports: Ports, report: AcceptedReport) -> Told:
    return told_in(ports, report.sealed, report.case_ref) if report.sealed else Told()


def told_in(ports: Ports, sealed: tuple[str, str], case_ref: str) -> Told:
    """What a box that intake sealed tells, in the form in which it is kept. Raises SealBroken."""
    told = read_box(ports.boxes.open(*sealed), case_ref)
    if told.identity is None:
        return told
    identity = normalised(ports, told.identity)
    return replace(told, identity=None if identity.is_empty else identity)


def normalised(ports: Ports, identity: Identity) -> Identity:
    """The identity in the form in which it is compared and kept, with the phones as they were said where a reading differs."""
    phones = tuple(dict.fromkeys(each for phone in identity.phones for each in ports.reading.phones(phone)))
    return Identity(
        names=ports.reading.names(identity.names),
        phones=phones,
        emails=tuple(dict.fromkeys(email.strip().casefold() for email in identity.emails)),
        phones_told=tuple(dict.fromkeys(told for told in identity.phones if told not in phones)),
    )


def _resolve(ports: Ports, identity: Identity | None, referenced: Person | None) -> Resolution:
    return resolve(
        identity,
        _known(ports, identity) if identity and referenced is None else (),
        ports.policy.matching,
        ports.reading.similarity,
        referenced=Known(referenced.ref, referenced.identity) if referenced else None,
    )


def _known(ports: Ports, identity: Identity) -> list[Known]:
    """Those who share an address or have a similar name, at most so many; linked records count as the one person they are."""
    shares = ports.defenders.sharing(identity)
    namesakes = ports.defenders.named_like(identity)
    both = (ref for ref in namesakes if ref in shares)
    found: dict[str, tuple[Person, frozenset[str]]] = {}
    for ref in islice(dict.fromkeys((*both, *shares, *namesakes)), MOST_COMPARED):
        person = person_of(ports, ref)
        if person:
            before = found[person.ref][1] if person.ref in found else frozenset[str]()
            found[person.ref] = (person, before | shares.get(ref, frozenset()))
    return [Known(ref, person.identity, shared) for ref, (person, shared) in found.items()]


def _record_for(ports: Ports, resolution: Resolution, identity: Identity | None) -> Defender | None:
    """The person's record, made if there is none.

    One that exists is not written here: many reports about one person may come at once, and none of them may wait for
    another. What they add is taken over afterwards (`absorb_cases`).
    """
    if resolution.kind is Kind.ANONYMOUS:
        return None
    known = ports.defenders.get(resolution.defender_ref) if resolution.defender_ref else None
    if known is None:
        known = Defender(ports.reading.new_reference(), identity or Identity(), ports.now)
        ports.defenders.save(known)
    if identity:
        ports.defenders.claim(known.id, identity)
    return known


def _case(
    ports: Ports, report: AcceptedReport, told: Told, resolution: Resolution, defender: Defender | None
) -> Case:
    case = Case(
        id=report.case_ref,
        defender_ref=defender.id if defender else None,
        resolution=resolution.kind,
        urgent=report.urgent,
        told=told,
        received_at=report.received_at,
        tellings=(Telling(report.sequence or 0, report.consents),),
        policy_version=ports.policy.version,
        absorbed=resolution.kind not in (Kind.EXISTING, Kind.BY_REFERENCE),
    )
    case.hear(report.sequence)
    return case


def _ask_a_human(ports: Ports, case: Case, resolution: Resolution) -> None:
    if resolution.kind is Kind.CANDIDATE and case.defender_ref:
        ports.candidates.save(Candidate(case.id, case.defender_ref, resolution.suggestions, ports.now))


def _audit(ports: Ports, case: Case, reference: str) -> None:
    detail = {"resolution": case.resolution, "policy": case.policy_version, "reference": reference}
    ports.audit.record("defender.resolved", subject=case.id, actor=REGISTRY, detail=detail)


def _about_reference(report: AcceptedReport, referenced: Person | None) -> str:
    if report.defender_ref is None:
        return "none"
    return "known" if referenced else "unknown"
