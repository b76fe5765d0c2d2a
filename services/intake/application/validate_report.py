"""Say what would become of a report, and keep nothing of it."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.application.judging import judge
from services.intake.application.person_keys import person_keys
from services.intake.application.ports import Desk
from services.intake.application.receive_report import facts_of, refuse
from services.intake.domain.dates import with_likely_date
from services.intake.domain.draft import Draft
from services.intake.domain.triage import Triage
from services.intake.domain.vocabulary import county_of, needs_suggested_by, problems_of


@dataclass(frozen=True)
class Foreseen:
    """What intake would make of a report."""

    triage: Triage
    needs: tuple[str, ...]
    needs_suggested: bool
    county: str


def validate_report(desk: Desk, source_id: str, draft: Draft) -> Foreseen:
    """Check a report and judge it by what its source has reported, without taking it in; raises InvalidInput."""
    vocabulary = desk.rules.vocabulary
    refuse(problems_of(draft, vocabulary, desk.now))
    draft = with_likely_date(draft, desk.now, desk.now)
    keys = person_keys(draft.person, desk.hashes, desk.rules)
    return Foreseen(
        triage=judge(desk, source_id, facts_of(desk, draft), keys).told,
        needs=draft.needs or needs_suggested_by(draft.violations, vocabulary),
        needs_suggested=not draft.needs,
        county=county_of(draft.place, vocabulary.counties) or "",
    )
