"""An operator reads a defender's record: with a reason, audited, masked unless they hold the right to see values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ngao.chassis.errors import NotFound
from ngao.kernel.actors import Actor
from services.registry.cases.model import Case, CaseState
from services.registry.people.cautions import Caution, cautions_of
from services.registry.people.finding import cases_of, known_person, person_of
from services.registry.people.identity import ContactSafety, Identity
from services.registry.people.masking import masked
from services.registry.people.model import Person
from services.registry.people.resolution import Candidate
from services.registry.ports import Ports


@dataclass(frozen=True)
class Reader:
    """Who reads, why (a code of policy), and whether values may be shown (scope `identity:read`)."""

    operator: Actor
    reason: str
    sees_identity: bool


@dataclass(frozen=True)
class SafeContact:
    """How one case says that its person can be contacted; values are there only for a reader who sees identity."""

    case_ref: str
    cautions: tuple[Caution, ...]
    safety: ContactSafety | None = field(default=None, repr=False)
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Record:
    """What is shown: the person, their identity as this reader may see it, how to contact them safely, and their cases."""

    person: Person
    identity: Identity
    masked: bool
    cases: tuple[Case, ...]
    contact: tuple[SafeContact, ...] = ()


@dataclass(frozen=True)
class Review:
    """One candidate beside the persons it may be, as this reader may see them, for a human to judge."""

    candidate: Candidate
    identity: Identity
    suggested: dict[str, Identity]
    masked: bool
    contact: dict[str, tuple[SafeContact, ...]] = field(default_factory=dict)


def tell_defender(ports: Ports, ref: str, reader: Reader) -> Record:
    """One defender's record; raises NotFound."""
    person = known_person(ports, ref)
    _audit(ports, "defender.read", person.ref, reader)
    cases = tuple(cases_of(ports, person))
    contact = _contact(cases, reader)
    return Record(person, _shown(person.identity, reader), not reader.sees_identity, cases, contact)


def tell_defender_of_case(ports: Ports, case_ref: str, reader: Reader) -> Record:
    """The record of a case's person; raises NotFound also when the case is anonymous."""
    case = ports.cases.get(case_ref)
    if case is None or case.defender_ref is None:
        raise NotFound("There is no known defender for this case.")
    return tell_defender(ports, case.defender_ref, reader)


def list_candidates(ports: Ports, reader: Reader, limit: int) -> list[Review]:
    """Undecided candidates, oldest first."""
    return [_review(ports, candidate, reader) for candidate in ports.candidates.open(limit)]


def _review(ports: Ports, candidate: Candidate, reader: Reader) -> Review:
    _audit(ports, "candidate.read", candidate.id, reader)
    return Review(
        candidate,
        _identity(ports, candidate.defender_ref, reader),
        {each.defender_ref: _identity(ports, each.defender_ref, reader) for each in candidate.suggestions},
        not reader.sees_identity,
        {ref: _contact_of(ports, ref, reader) for ref in (candidate.defender_ref, *_suggested(candidate))},
    )


def _suggested(candidate: Candidate) -> tuple[str, ...]:
    return tuple(each.defender_ref for each in candidate.suggestions)


def _contact_of(ports: Ports, ref: str, reader: Reader) -> tuple[SafeContact, ...]:
    person = person_of(ports, ref)
    return _contact(tuple(cases_of(ports, person)), reader) if person else ()


def _contact(cases: tuple[Case, ...], reader: Reader) -> tuple[SafeContact, ...]:
    """Of every case that still knows, the newest first: a contact is never shown without it."""
    known = sorted((each for each in cases if each.state is not CaseState.FORGOTTEN), key=lambda each: each.received_at)
    return tuple(_safe(each, reader) for each in reversed(known))


def _safe(case: Case, reader: Reader) -> SafeContact:
    safety = case.told.contact_safety if case.is_open else None
    if not reader.sees_identity:
        return SafeContact(case.id, cautions_of(safety))
    return SafeContact(case.id, cautions_of(safety), safety, case.told.attributes)


def _identity(ports: Ports, ref: str, reader: Reader) -> Identity:
    person = person_of(ports, ref)
    return _shown(person.identity, reader) if person else Identity()


def _shown(identity: Identity, reader: Reader) -> Identity:
    return identity if reader.sees_identity else masked(identity)


def _audit(ports: Ports, action: str, subject: str, reader: Reader) -> None:
    detail = {"reason": reader.reason, "shown": "values" if reader.sees_identity else "masked"}
    ports.audit.record(action, subject=subject, actor=reader.operator, detail=detail)
