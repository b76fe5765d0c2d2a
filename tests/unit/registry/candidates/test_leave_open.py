"""A human who is not sure leaves a candidate to others, who see it."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import NotAllowedNow, NotFound
from services.registry.candidates.leave_open import leave_candidate_open
from services.registry.candidates.review import list_candidates
from tests.support.registry import MARY, Register

ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}


def waiting() -> Register:
    register = Register()
    register.report("NG-1", MARY)
    register.report("NG-2", ALMOST)
    return register


def test_it_stays_undecided_and_says_who_was_not_sure() -> None:
    register = waiting()
    assert leave_candidate_open(register.ctx, "NG-2") == {
        "case_ref": "NG-2", "unsure_by": "operator:o", "unsure_at": register.now,
    }  # fmt: skip
    (candidate,) = list_candidates(register.ctx, reason="case_work")["candidates"]
    assert (candidate["verdict"], candidate["unsure_by"]) == ("open", "operator:o")
    assert ("candidate.unsure", "NG-2", "operator:o") in register.heard.audited


def test_who_saw_it_before_learns_who_was_not_sure() -> None:
    register = waiting()
    seen = str(register.candidates.kept["NG-2"].revision)
    leave_candidate_open(register.ctx, "NG-2", seen=seen)
    with pytest.raises(NotAllowedNow, match="operator:o was not sure at 2026-11-22 12:00 UTC"):
        leave_candidate_open(register.ctx, "NG-2", seen=seen)


def test_what_is_decided_or_unknown_cannot_be_left_to_others() -> None:
    register = waiting()
    register.separate("NG-2")
    with pytest.raises(NotAllowedNow):
        leave_candidate_open(register.ctx, "NG-2")
    with pytest.raises(NotFound):
        leave_candidate_open(register.ctx, "NG-1")
