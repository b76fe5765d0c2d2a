"""The cases that a decision about a candidate touches, and what follows for them from a change of their person."""

from __future__ import annotations

from dataclasses import dataclass

from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import case_with_contact, known_person, open_cases_touched_by, root_of
from services.registry.people.model import Defender, Person
from services.registry.people.publishing import publish_all


@dataclass(frozen=True)
class Touched:
    """A case that a decision touches, its person as it is before, and the case whose contact its partners have."""

    case: Case
    person: Person
    contact_of: Case | None

    def publish(self, ctx: Context) -> None:
        """Publish what holds now; what another person said is retracted.

        A partner that has another person's contact gets the right one, or must not use it any more.
        """
        now = _of(ctx, self.case)
        publish_all(ctx, self.case)
        ctx.cases.save(self.case)
        parted = not {record.id for record in self.person.records} <= {record.id for record in now.person.records}
        elsewhere = not self.case.facts.identity
        disclose_again(ctx, self.case, corrected=now.contact_of is not self.contact_of, void=parted and elsewhere)


def touched_by(ctx: Context, *records: Defender) -> list[Touched]:
    """Return the open cases of these records' persons, and those for which their restrictions hold.

    An earlier version did not record what it has published for a case: all that the person has said may have been.
    """
    found: dict[str, Case] = {}
    for ref in dict.fromkeys(root_of(ctx, record).id for record in records):
        found |= {case.id: case for case in open_cases_touched_by(ctx, known_person(ctx, ref))}
    touched = [_of(ctx, case) for case in found.values()]
    for each in touched:
        each.case.record_published(each.person.statements)
    return touched


def _of(ctx: Context, case: Case) -> Touched:
    person = known_person(ctx, case.defender_ref or "")
    return Touched(case, person, case_with_contact(ctx, case, person))
