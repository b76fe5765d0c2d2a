"""The story of a case so far: every hop in the order of time, with its reasons, messages to humans included."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from services.referral.cases.model import Case
from services.referral.ports import Desk, Hop


def tell_case(desk: Desk, case_ref: str) -> tuple[Case, list[Hop]]:
    """A case and its hops; raises NotFound."""
    case = desk.cases.get(case_ref)
    if case is None:
        raise NotFound("There is no such case.")
    return case, desk.story.of(case_ref)


def note_message(desk: Desk, case_ref: str, hop: Hop) -> None:
    """Notify told somebody, or could not: that belongs to the story."""
    desk.story.note(case_ref, hop)
