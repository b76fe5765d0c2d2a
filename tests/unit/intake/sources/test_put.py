"""An operator makes and changes a source: what is asked for is done or refused, and never left out in silence."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import InvalidInput
from services.intake.policy import IntakePolicy
from services.intake.sources.put import put_source
from tests.support.memory_intake import MemoryIntake


def test_keys_are_not_revoked_without_a_new_one_and_the_operator_learns_it(policy: IntakePolicy) -> None:
    intake = MemoryIntake(policy)
    put_source(intake.by_operator("o"), "forms", {"new_key": True, "revoke_old_keys": False})
    known = intake.sources.kept["forms"]
    with pytest.raises(InvalidInput) as refused:
        put_source(intake.by_operator("o"), "forms", {"new_key": False, "revoke_old_keys": True})
    assert [each.pointer for each in refused.value.errors] == ["/revoke_old_keys"]
    assert intake.sources.kept["forms"] == known
    put_source(intake.by_operator("o"), "forms", {"new_key": True, "revoke_old_keys": True})
    assert len(intake.sources.kept["forms"].key_hashes) == 1


def test_an_id_that_goes_on_in_the_next_line_is_no_id(policy: IntakePolicy) -> None:
    intake = MemoryIntake(policy)
    with pytest.raises(InvalidInput):
        put_source(intake.by_operator("o"), "forms\n", {"new_key": True, "revoke_old_keys": False})
    assert not intake.sources.kept
