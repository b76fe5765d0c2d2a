"""A link and a separation change whose contact the partner of a case has that names its person by reference alone."""

from __future__ import annotations

from tests.support.registry import MARY, SAFE, Register, accepted, consent

ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}
"""Nearly Mary's name, with a phone of its own: a candidate."""


def by_reference(*, linked: bool) -> tuple[Register, str]:
    """A case NG-3 that names Mary by reference alone, with a partner at work, beside a candidate that may be linked to her."""
    register = Register()
    known = register.report("NG-1", MARY, contact_safety=SAFE).defender_ref or ""
    register.pass_time(minutes=1)
    assert register.report("NG-2", ALMOST, contact_safety=SAFE).resolution == "candidate"
    if linked:
        register.link("NG-2", known)
    register.report("NG-3", defender_ref=register.reference_for_source(known, "form"), contact_safety=SAFE)
    register.change_consent(known, consent(at=register.now), "NG-3")
    register.accept(accepted("NG-3", "offer-3"))
    return register, known


def phones(register: Register) -> list[list[str]]:
    return [each["phones"] for each in register.heard.disclosed]


def test_a_separation_gives_the_partner_of_a_case_by_reference_the_right_contact() -> None:
    register, _known = by_reference(linked=True)
    assert phones(register) == [["+254700000002"]]
    register.separate("NG-2")
    assert phones(register) == [["+254700000002"], ["+254700000001"]]
    assert register.heard.disclosed[-1]["supersedes"]


def test_a_link_gives_the_partner_of_a_case_by_reference_what_is_safe_now() -> None:
    register, known = by_reference(linked=False)
    assert phones(register) == [["+254700000001"]]
    register.link("NG-2", known)
    assert phones(register) == [["+254700000001"], ["+254700000002"]]
    assert register.heard.disclosed[-1]["supersedes"]


def test_a_link_to_a_person_who_was_kept_apart_gives_it_to_the_partner_of_that_persons_case() -> None:
    register, known = by_reference(linked=False)
    register.separate("NG-2")
    assert phones(register) == [["+254700000001"]]
    register.link("NG-2", known)
    assert phones(register) == [["+254700000001"], ["+254700000002"]]


def test_a_separation_takes_anothers_contact_from_a_partner_whose_work_is_over() -> None:
    register, _known = by_reference(linked=True)
    register.end("NG-3", "offer-3", "partner-a")
    register.separate("NG-2")
    register.separate("NG-2")
    assert register.heard.recalled == ["offer-3"]
    assert len(phones(register)) == 1


def test_a_link_or_a_separation_sends_no_contact_that_has_not_changed() -> None:
    register, known = by_reference(linked=False)
    register.accept(accepted())
    register.accept(accepted("NG-2", "offer-2"))
    assert len(phones(register)) == 3
    register.separate("NG-2")
    assert len(phones(register)) == 3
    register.update("NG-2", consent(), sequence=2, contact_safety=SAFE | {"may_contact": False})
    register.withdraw("NG-2", sequence=3)
    register.link("NG-2", known)
    assert len(phones(register)) == 3
