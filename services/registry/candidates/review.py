"""A human says whether two records are the same person. Nothing is merged, so either answer can be taken back."""

from __future__ import annotations

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.kernel.actors import Actor
from services.registry.cases.model import Case
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import open_cases_touched_by, person_of, root_of, say_all
from services.registry.people.model import Defender, Person
from services.registry.people.resolution import Candidate, Kind, Verdict
from services.registry.ports import Ports


def link_candidate(ports: Ports, case_ref: str, to: str, operator: Actor) -> Candidate:
    """They are the same: the case's record points to the known one. Raises NotFound, NotAllowedNow."""
    candidate = candidate_of(ports, case_ref)
    record = record_of(ports, candidate.defender_ref)
    target = root_of(ports, suggested_record(ports, candidate, to))
    if record.linked_to != target.id and root_of(ports, target).id == record.id:
        raise NotAllowedNow("That record is already linked to this one.", slug="already-linked")
    ports.defenders.save(target)  # a case that comes for it at this moment must meet this
    return _decide(ports, candidate, record, target.id, operator)


def separate_candidate(ports: Ports, case_ref: str, operator: Actor) -> Candidate:
    """They are two persons; a link made before is taken back. Raises NotFound."""
    candidate = candidate_of(ports, case_ref)
    return _decide(ports, candidate, record_of(ports, candidate.defender_ref), None, operator)


def suggested_record(ports: Ports, candidate: Candidate, to: str) -> Defender:
    """A record that the case may be linked to. Raises NotFound, NotAllowedNow."""
    if to not in {each.defender_ref for each in candidate.suggestions}:
        raise NotAllowedNow("This defender was not suggested for the case.", slug="not-suggested")
    return record_of(ports, to)


def _decide(ports: Ports, candidate: Candidate, record: Defender, link: str | None, operator: Actor) -> Candidate:
    before = _touched(ports, record)
    verdict = Verdict.LINKED if link else Verdict.SEPARATE
    candidate.decide(verdict, by=str(operator), at=ports.now)
    record.linked_to = link
    ports.candidates.save(candidate)
    ports.defenders.save(record)
    _tell(ports, candidate, {**before, **_touched(ports, record)})
    detail = {"defender_ref": record.id, **({"linked_to": link} if link else {})}
    ports.audit.record(f"candidate.{verdict}", subject=candidate.id, actor=operator, detail=detail)
    return candidate


def _touched(ports: Ports, record: Defender) -> dict[str, Case]:
    person = person_of(ports, record.id) or Person((record,))
    return {case.id: case for case in open_cases_touched_by(ports, person)}


def _tell(ports: Ports, candidate: Candidate, cases: dict[str, Case]) -> None:
    """Every open case of either side hears what holds for it now; a link brings restrictions and consents along."""
    for case in cases.values():
        if case.id == candidate.id:
            case.resolution = Kind.EXISTING if candidate.verdict is Verdict.LINKED else Kind.NEW
        say_all(ports, case)
        ports.cases.save(case)
        disclose_again(ports, case)


def candidate_of(ports: Ports, case_ref: str) -> Candidate:
    """What is to be decided about a case. Raises NotFound."""
    found = ports.candidates.get(case_ref)
    if found is None:
        raise NotFound("There is no such candidate.")
    return found


def record_of(ports: Ports, ref: str) -> Defender:
    """One record. Raises NotFound."""
    found = ports.defenders.get(ref)
    if found is None:
        raise NotFound("There is no such defender.")
    return found
