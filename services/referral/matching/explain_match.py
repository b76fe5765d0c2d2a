"""Say whom a case would be offered to and why, without offering anything."""

from __future__ import annotations

from dataclasses import dataclass

from ngao.chassis.errors import NotAllowedNow, NotFound
from services.referral.cases.facts import Reason
from services.referral.cases.need import NeedState
from services.referral.matching.model import Match
from services.referral.matching.route_needs import wanted_of
from services.referral.ports import Desk

_FITS = Reason("fits", "Nothing excludes this partner.")


@dataclass(frozen=True)
class Explained:
    """The match of one need; `asked_about` is why the partner that was asked about is left out."""

    need: str
    match: Match
    asked_about: Reason | None = None


def explain_match(desk: Desk, case_ref: str, partner_id: str | None = None) -> list[Explained]:
    """Match every need that is not settled, dry; raises NotFound, NotAllowedNow before the report is known."""
    case = desk.cases.get(case_ref)
    if case is None:
        raise NotFound("There is no such case.")
    if case.report is None or not case.report.complete:
        raise NotAllowedNow("The report of this case is not known here yet.", slug="report-not-known")
    matcher = desk.directories.matcher(desk.engagements.loads)
    explained = []
    for need in case.needs.values():
        if need.state is not NeedState.SETTLED:
            wanted = wanted_of(case, need, desk)
            asked = (matcher.why_not(partner_id, wanted) or _FITS) if partner_id else None
            explained.append(Explained(need.name, matcher.match(wanted), asked))
    return explained
