"""Say what would become of a report, and keep nothing of it."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.ports import Desk
from services.intake.reports.dates import with_likely_date
from services.intake.reports.draft import Draft
from services.intake.reports.person_keys import person_keys
from services.intake.reports.submit import facts_of, refuse
from services.intake.reports.vocabulary import county_of, needs_suggested_by, problems_of
from services.intake.triage.judging import judge
from services.intake.triage.model import Triage


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
        county=county_of(draft.place, vocabulary) or "",
    )
