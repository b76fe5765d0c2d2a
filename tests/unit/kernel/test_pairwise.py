"""A partner's own reference of a case: the same for the same facts, another for every other, and not to be turned back."""

from __future__ import annotations

import re

from ngao.kernel.pairwise import case_ref_for

CASE, SALT = "NG-7K2M9QX4TB", "1f0c9a1e"


def test_the_same_facts_give_the_same_reference_and_any_other_fact_another() -> None:
    ref = case_ref_for("clinic", CASE, SALT)
    assert re.fullmatch(r"NP-[0-9A-HJKMNP-TV-Z]{16}", ref)
    assert ref == case_ref_for("clinic", CASE, SALT)
    others = [("clinics", CASE, SALT), ("clinic", "NG-7K2M9QX4TC", SALT), ("clinic", CASE, "1f0")]
    assert len({ref, *(case_ref_for(*facts) for facts in others)}) == 4


def test_facts_do_not_run_into_one_another() -> None:
    assert case_ref_for("a", "b" + CASE, SALT) != case_ref_for("ab", CASE, SALT)


def test_an_offer_of_an_older_version_has_no_salt_and_keeps_the_reference_it_named() -> None:
    assert case_ref_for("clinic", CASE, None) == case_ref_for("clinic", CASE, "") == CASE
