"""No consent, no disclosure: asked again at the moment of telling."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ngao.chassis.errors import NotAllowedNow, NotFound, Retryable
from ngao.contracts.events.referral import OfferAccepted
from ngao.kernel.consent import Statement
from ngao.testing.vouching import Onboarding, PartnerKeys
from services.registry.people.add_facts import add_facts_of
from services.registry.people.erase import erase_cases, erase_people
from tests.support.registry import MARY, NOW, ONBOARDING, PARTNER, SAFE, Register, accepted, consent

OFFER = accepted()


def register_with(**report: Any) -> Register:
    register = Register()
    register.report("NG-1", report.pop("identity", MARY), **{"contact_safety": SAFE, **report})
    return register


def refusal(register: Register, offer: OfferAccepted = OFFER) -> str | None:
    found = register.accept(offer).refusal
    return str(found) if found else None


def person(register: Register) -> str:
    ref = register.heard.views[0].defender_ref
    assert ref
    return ref


def withdraw(register: Register, case_ref: str | None = None, *scope: str) -> list[str]:
    gone = Statement(granted=False, purpose="referral", scope=tuple(scope), at=register.now)
    return register.change_consent(person(register), gone, case_ref)


def test_with_consent_and_safety_the_partner_is_told_once() -> None:
    register = register_with()
    assert refusal(register) is None
    assert refusal(register) is None
    assert len(register.heard.disclosed) == 1
    told = register.heard.disclosed[0]
    assert (told["v"], told["case_ref"], told["offer_id"]) == (1, "NG-1", "offer-1")
    assert told["phones"] == ["+254700000001"]
    assert told["contact_safety"]["code_word"] == "mwavuli"
    assert [each[0] for each in register.heard.audited].count("contact.disclosed") == 1


@pytest.mark.parametrize(("report", "reason"), [
    ({"consents": []}, "no_consent"),
    ({"consents": [consent("narrative")]}, "no_consent"),
    ({"consents": [consent("contact", purpose="notification")]}, "no_consent"),
    ({"consents": [consent(recipient="partner-b")]}, "no_consent"),
    ({"consents": [consent(until=NOW)]}, "consent_expired"),
    ({"contact_safety": None}, "not_safe"),
    ({"contact_safety": {**SAFE, "may_contact": False}}, "not_safe"),
    ({"contact_safety": {**SAFE, "may_contact": "true"}}, "not_safe"),
    ({"contact_safety": {**SAFE, "channels": []}}, "not_safe"),
    ({"contact_safety": {**SAFE, "channels": ["email"]}, "identity": {**MARY, "emails": []}}, "not_safe"),
    ({"identity": None}, "unknown_person"),
])
def test_what_is_missing_is_a_reason_to_withhold(report: dict[str, Any], reason: str) -> None:
    register = register_with(**report)
    assert refusal(register) == reason
    assert not register.heard.disclosed
    assert len(register.heard.withheld) == 1


def test_only_addresses_of_safe_channels_are_told() -> None:
    register = register_with(contact_safety={**SAFE, "channels": ["email"]})
    refusal(register)
    assert register.heard.disclosed[0]["phones"] == []
    assert register.heard.disclosed[0]["emails"] == ["mary@example.org"]


def test_only_what_this_report_told_is_disclosed() -> None:
    register = register_with()
    register.report("NG-2", {"names": ["Mary Wanjiku"], "phones": ["0700000001"], "emails": []}, contact_safety=SAFE)
    refusal(register, accepted("NG-2", "offer-2"))
    assert register.heard.disclosed[0]["emails"] == []


BARE = accepted("NG-2", "offer-2")
ALIKE = {"names": ["Grace Chebet"], "phones": ["0700000001"], "emails": []}
"""Another name at Mary's phone: a candidate."""


def named(register: Register, source: str = "form") -> str:
    return register.reference_for_source(person(register), source)


def recorded(register: Register, case_ref: str | None, **more: Any) -> None:
    register.change_consent(person(register), consent(at=register.now, **more), case_ref)


def test_a_bare_reference_opens_nothing_that_its_report_did_not_tell() -> None:
    register = register_with()
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    assert refusal(register, BARE) == "consent_not_recorded"
    assert register.heard.withheld[-1].refusal
    assert register.heard.withheld[-1].refusal.reason_for_partner == "no_consent"
    assert not register.heard.disclosed


@pytest.mark.parametrize("case_ref", ["NG-2", None])
def test_a_bare_reference_opens_the_older_record_when_an_operator_recorded_the_consent(case_ref: str | None) -> None:
    register = register_with()
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, case_ref)
    assert refusal(register, BARE) is None
    assert register.heard.disclosed[0]["phones"] == ["+254700000001"]


@pytest.mark.parametrize("change", [
    lambda register: register.update("NG-1", consent(), sequence=2, contact_safety={**SAFE, "may_contact": False}),
    lambda register: register.withdraw("NG-1", sequence=2),
])
def test_what_makes_a_case_unsafe_recalls_the_contact_that_another_case_had_from_it(change: Any) -> None:
    register = register_with()
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2")
    assert refusal(register, BARE) is None
    register.pass_time(minutes=1)
    change(register)
    assert register.heard.recalled == ["offer-2"]


def test_a_correction_of_what_is_safe_goes_to_the_partner_of_another_case_that_had_it() -> None:
    register = register_with()
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2")
    assert refusal(register, BARE) is None
    register.update("NG-1", consent(), sequence=2, contact_safety={**SAFE, "channels": ["email"]})
    assert [each["phones"] for each in register.heard.disclosed] == [["+254700000001"], []]


def test_a_corrected_number_goes_to_the_partner_of_another_case_once_it_is_in_the_record() -> None:
    register = register_with()
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2")
    assert refusal(register, BARE) is None
    corrected = {**MARY, "phones": ["0700 000 009"]}
    register.update("NG-1", consent(), sequence=2, identity=corrected, contact_safety=SAFE)
    assert len(register.heard.disclosed) == 1
    add_facts_of(register.ctx, "NG-1")
    assert register.heard.disclosed[-1]["phones"] == ["+254700000009"]


def test_a_number_that_was_corrected_before_does_not_go_to_the_partner_of_another_case() -> None:
    register = register_with()
    register.update("NG-1", consent(), sequence=2, identity={**MARY, "phones": ["0700 000 009"]}, contact_safety=SAFE)
    add_facts_of(register.ctx, "NG-1")
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2")
    assert refusal(register, BARE) is None
    assert register.heard.disclosed[-1]["phones"] == ["+254700000009"]


def test_a_number_that_no_report_called_safe_does_not_go_to_the_partner_of_another_case() -> None:
    register = register_with(contact_safety={**SAFE, "may_contact": False})
    register.report("NG-3", {**MARY, "phones": ["0700 000 009"]}, contact_safety=SAFE)
    add_facts_of(register.ctx, "NG-3")
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2")
    assert refusal(register, BARE) is None
    assert register.heard.disclosed[-1]["phones"] == ["+254700000009"]


def test_a_new_case_that_calls_no_channel_safe_recalls_the_contact_that_another_case_had() -> None:
    register = register_with()
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2")
    assert refusal(register, BARE) is None
    register.report("NG-3", MARY, contact_safety={**SAFE, "may_contact": False})
    add_facts_of(register.ctx, "NG-3")
    assert register.heard.recalled == ["offer-2"]


def from_the_last_of_two() -> Register:
    """A case by reference alone that has its contact from NG-3, the last of Mary's two reports."""
    register = register_with()
    register.pass_time(minutes=1)
    register.report("NG-3", {**MARY, "phones": ["0700 000 009"]}, contact_safety=SAFE)
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2")
    assert refusal(register, BARE) is None
    return register


def test_when_the_report_with_the_contact_is_withdrawn_its_partner_elsewhere_gets_that_of_the_report_before() -> None:
    register = from_the_last_of_two()
    register.withdraw("NG-3", sequence=2)
    assert [each["phones"] for each in register.heard.disclosed] == [["+254700000009"], ["+254700000001"]]
    assert register.heard.disclosed[-1]["supersedes"]


def test_when_it_is_withdrawn_a_partner_elsewhere_whose_work_is_over_must_not_use_the_contact_any_more() -> None:
    register = from_the_last_of_two()
    register.end("NG-2", "offer-2", "partner-a")
    register.withdraw("NG-3", sequence=2)
    assert register.heard.recalled == ["offer-2"]
    assert len(register.heard.disclosed) == 1


def test_when_an_older_report_is_withdrawn_nothing_is_sent_again() -> None:
    register = from_the_last_of_two()
    register.withdraw("NG-1", sequence=2)
    assert (len(register.heard.disclosed), register.heard.withheld) == (1, [])


def test_a_recorded_consent_for_another_partner_or_taken_back_since_opens_nothing() -> None:
    register = register_with()
    register.report("NG-2", defender_ref=named(register), contact_safety=SAFE)
    recorded(register, "NG-2", recipient="partner-b")
    recorded(register, None)
    register.pass_time(minutes=1)
    withdraw(register)
    assert refusal(register, BARE) in ("consent_not_recorded", "no_consent")


@pytest.mark.parametrize(("own", "bare"), [
    ({**SAFE, "may_contact": False}, SAFE),
    ({**SAFE, "channels": ["email"]}, {**SAFE, "channels": ["sms"]}),
    (SAFE, {**SAFE, "may_contact": False}),
    (None, SAFE),
])
def test_a_source_that_names_a_person_cannot_call_a_channel_safe_that_the_person_did_not(own: Any, bare: Any) -> None:
    register = register_with(contact_safety=own)
    register.report("NG-2", defender_ref=named(register), contact_safety=bare)
    recorded(register, "NG-2")
    assert refusal(register, BARE) == "not_safe"


def test_what_the_person_said_about_safety_goes_with_the_older_record() -> None:
    register = register_with(contact_safety={**SAFE, "code_word": "mwavuli"})
    register.report("NG-2", defender_ref=named(register), contact_safety={**SAFE, "code_word": "mpya"})
    recorded(register, "NG-2")
    refusal(register, BARE)
    assert register.heard.disclosed[0]["contact_safety"]["code_word"] == "mwavuli"


def test_an_unknown_case_is_asked_again_later() -> None:
    with pytest.raises(Retryable):
        Register().accept(OFFER)


@pytest.mark.parametrize("scope", [(), ("contact",)])
@pytest.mark.parametrize("case_ref", [None, "NG-1"])
def test_after_withdrawal_nothing_is_disclosed(case_ref: str | None, scope: tuple[str, ...]) -> None:
    register = register_with()
    register.pass_time(minutes=1)
    assert withdraw(register, case_ref, *scope) == ["NG-1"]
    assert refusal(register) == "no_consent"
    assert [(case, said.granted) for case, said in register.heard.consents] == [("NG-1", False)]


def test_a_source_that_repeats_its_form_does_not_undo_a_withdrawal() -> None:
    register = register_with()
    register.pass_time(minutes=1)
    withdraw(register)
    register.pass_time(minutes=1)
    register.update("NG-1", consent(at=register.now), sequence=2)
    assert refusal(register) == "no_consent"


def test_an_update_gives_anew_from_its_own_time() -> None:
    register = register_with()
    register.pass_time(minutes=1)
    withdraw(register)
    register.pass_time(minutes=1)
    register.update("NG-1", consent("contact", "narrative", at=register.now), sequence=2)
    assert refusal(register) is None


def test_an_update_that_comes_late_may_only_tell_since_when_a_consent_is_stated() -> None:
    register = register_with(consents=[])
    early, withdrawn, late = (NOW + timedelta(minutes=minutes) for minutes in (1, 2, 3))
    register.update("NG-1", consent(at=late), sequence=3)
    register.clock.set(withdrawn)
    withdraw(register)
    register.clock.set(late)
    register.update("NG-1", consent(at=early), urgent=True, sequence=2)
    assert refusal(register) == "no_consent"
    assert not register.cases.kept["NG-1"].urgent


def test_a_new_case_hears_all_that_its_consent_is_judged_by_and_nothing_that_is_over() -> None:
    register = register_with()
    for said in (
        consent("contact", "narrative", at=NOW), consent("narrative", granted=False, at=NOW),
        consent(granted=False, recipient="partner-a", at=NOW), consent(until=NOW, at=NOW),
    ):
        register.change_consent(person(register), said, None)
    register.pass_time(days=1)
    register.report("NG-2", MARY, contact_safety=SAFE, consents=[consent(at=register.now)])
    heard = [said for case, said in register.heard.consents if case == "NG-2"]
    assert [(said.granted, set(said.scope), said.recipient) for said in heard] == [
        (True, {"contact"}, None), (False, {"narrative"}, None), (False, {"contact"}, "partner-a"),
    ]
    assert refusal(register, accepted("NG-2", "offer-2")) == "no_consent"
    assert refusal(register, accepted("NG-2", "offer-3", PartnerKeys.new("partner-b"))) is None


def test_a_later_report_with_consent_counts_although_an_earlier_was_withdrawn() -> None:
    register = register_with()
    register.pass_time(minutes=1)
    withdraw(register)
    register.pass_time(minutes=1)
    register.report("NG-2", MARY, contact_safety=SAFE, consents=[consent(at=register.now)])
    assert refusal(register, accepted("NG-2", "offer-2")) is None


def test_a_report_that_was_on_its_way_when_all_was_withdrawn_hears_of_it() -> None:
    register = register_with()
    withdraw(register)
    register.report("NG-2", MARY, contact_safety=SAFE, consents=[consent()])
    assert register.heard.consents[-1][0] == "NG-2"
    assert refusal(register, accepted("NG-2", "offer-2")) == "no_consent"


def test_a_consent_given_to_an_operator_counts() -> None:
    register = register_with(consents=[])
    given = consent(at=register.now, recipient="partner-a")
    register.change_consent(person(register), given, "NG-1")
    assert refusal(register) is None
    theirs = replace(accepted("NG-1", "offer-2"), partner_id="partner-b", vouch="key", signature="key-id")
    assert refusal(register, theirs) == "no_consent"


def test_consent_for_a_strangers_or_closed_case_is_refused() -> None:
    register = register_with()
    register.report("NG-9", {"names": ["Grace Chebet"], "phones": ["0700000009"], "emails": []})
    with pytest.raises(NotFound):
        withdraw(register, "NG-9")
    register.withdraw("NG-1", sequence=2)
    with pytest.raises(NotAllowedNow):
        withdraw(register, "NG-1")


def test_a_source_takes_consent_back_and_late_events_change_nothing() -> None:
    register = register_with()
    register.update("NG-1", sequence=5)
    register.update("NG-1", consent(), sequence=4)
    assert refusal(register) == "no_consent"


def test_changed_consent_for_attributes_is_said_again() -> None:
    register = register_with(attributes={"gender": "woman"}, consents=[consent("attributes")])
    register.update("NG-1", consent("contact"), sequence=2)
    assert register.last.attributes == {}
    register.update("NG-1", consent("contact", "narrative"), sequence=3)
    assert len(register.heard.views) == 2


def test_a_report_taken_back_discloses_nothing_more() -> None:
    register = register_with()
    register.withdraw("NG-1", sequence=2)
    register.withdraw("NG-1", sequence=2)
    assert refusal(register) == "report_withdrawn"
    register.pass_time(days=29)
    assert erase_cases(register.ctx, 10) == 0
    register.pass_time(days=1)
    assert erase_cases(register.ctx, 10) == 1
    assert register.heard.details["case.forgotten"] == {"why": "withdrawn", "policy_version": "r1"}


@pytest.mark.parametrize("learn", [
    lambda register: register.withdraw("NG-1", sequence=2),
    lambda register: register.update("NG-1", sequence=2),
])
def test_changes_before_the_report_are_asked_again_later(learn: Any) -> None:
    with pytest.raises(Retryable):
        learn(Register())


def test_a_restricted_partner_hears_no_more_than_no_consent() -> None:
    register = register_with()
    register.restrict(person(register), "partner-a")
    register.restrict(person(register), "partner-a")
    assert [each.partner_id for each in register.last.restrictions] == ["partner-a"]
    assert len(register.heard.views) == 2
    assert refusal(register) == "restricted"
    assert register.heard.withheld[0].refusal.reason_for_partner == "no_consent"  # type: ignore[union-attr]


def test_a_lifted_restriction_is_said_and_gone() -> None:
    register = register_with()
    register.restrict(person(register), "partner-a")
    register.lift(person(register), "partner-a")
    assert register.last.restrictions == ()
    with pytest.raises(NotFound):
        register.lift(person(register), "partner-a")
    assert refusal(register) is None


def test_what_is_past_its_time_is_forgotten_and_the_person_after_it() -> None:
    register = register_with()
    register.pass_time(days=1001)
    assert erase_cases(register.ctx, 10) == 1
    assert erase_cases(register.ctx, 10) == 0
    assert register.heard.details["case.forgotten"] == {"why": "received", "policy_version": "r1"}
    assert refusal(register) == "unknown_person"
    assert register.report("NG-2", MARY).resolution == "new"
    assert erase_people(register.ctx, 10) == 0
    register.pass_time(hours=2)
    assert erase_people(register.ctx, 10) == 1
    assert register.shredded == [f"person:{person(register)}"]
    assert person(register) not in register.defenders.kept


def test_a_fading_person_whom_a_report_used_is_taken_back() -> None:
    register = register_with()
    register.pass_time(days=1001)
    erase_cases(register.ctx, 10)
    register.report("NG-2", defender_ref=named(register))
    register.pass_time(hours=2)
    assert erase_people(register.ctx, 10) == 0
    assert register.shredded == []
    assert register.report("NG-3", MARY).defender_ref == person(register)


def test_a_reference_that_a_source_got_holds_while_its_person_fades_and_ends_with_it() -> None:
    register = register_with()
    given = named(register)
    register.pass_time(days=1001)
    erase_cases(register.ctx, 10)
    assert register.report("NG-2", defender_ref=given).defender_ref == person(register)
    register.pass_time(hours=2)
    assert erase_people(register.ctx, 10) == 0
    assert register.report("NG-3", defender_ref=given).defender_ref == person(register)
    register.pass_time(days=1001)
    erase_cases(register.ctx, 10)
    register.pass_time(hours=2)
    assert erase_people(register.ctx, 10) == 1
    assert register.ctx.addresses.owner_of_reference("form", given) is None


def test_a_report_that_names_a_reference_of_a_fading_person_keeps_the_record_itself() -> None:
    """It writes the record, so that an erasure at the same moment conflicts with it, and its facts keep their key."""
    register = register_with()
    given = named(register)
    register.pass_time(days=1001)
    erase_cases(register.ctx, 10)
    assert register.defenders.kept[person(register)].fading_since
    register.report("NG-2", defender_ref=given, contact_safety=SAFE)
    assert register.defenders.kept[person(register)].fading_since is None
    assert register.report("NG-3", MARY).defender_ref == person(register)


def test_a_candidate_ends_with_its_record_and_keeps_until_then_whom_it_suggests() -> None:
    register = register_with()
    assert register.report("NG-2", ALIKE, contact_safety=SAFE).resolution == "candidate"
    register.pass_time(days=500)
    assert register.report("NG-3", ALIKE | {"names": ["Jane Atieno"]}, contact_safety=SAFE).resolution == "candidate"
    assert [each.id for each in register.ctx.candidates.open(10)] == ["NG-2", "NG-3"]
    register.pass_time(days=501)
    erase_cases(register.ctx, 10)
    register.pass_time(hours=2)
    assert erase_people(register.ctx, 10) == 0
    open_now = register.ctx.candidates.open(10)
    assert [each.id for each in open_now] == ["NG-2", "NG-3"]
    assert {one.defender_ref for each in open_now for one in each.suggestions} <= register.defenders.kept.keys()
    register.pass_time(days=1001)
    erase_cases(register.ctx, 10)
    for left in (["NG-2"], [], []):  # each ends with the record of its case; then nothing keeps the one that it suggests
        register.pass_time(hours=2)
        assert erase_people(register.ctx, 10) == 1
        assert [each.id for each in register.ctx.candidates.open(10)] == left
    assert not register.defenders.kept


def test_an_anonymous_case_gives_its_own_key_back() -> None:
    register = register_with(identity=None)
    register.pass_time(days=1001)
    assert erase_cases(register.ctx, 10) == 1
    assert register.shredded == ["case:NG-1"]


INTRUDER = PartnerKeys.new("partner-a")


@pytest.mark.parametrize(("vouch", "reason"), [
    (None, "key_not_vouched"),
    ("", "key_not_vouched"),
    (Onboarding().vouch(INTRUDER), "key_not_vouched"),
    (ONBOARDING.vouch(PartnerKeys.new("partner-b")), "key_not_vouched"),
], ids=["none", "empty", "a stranger's", "another partner's"])
def test_keys_that_no_operator_vouches_for_get_nothing(vouch: str | None, reason: str) -> None:
    register = register_with()
    signature = INTRUDER.accepts("offer-1", "NG-1")
    assert refusal(register, replace(OFFER, vouch=vouch, signature=signature)) == reason
    assert not register.heard.disclosed
    assert register.heard.details["contact.withheld"]["reason"] == reason
    assert register.recipients.pins == {}


@pytest.mark.parametrize("signature", [
    None, "", "no signature", INTRUDER.accepts("offer-1", "NG-1"), PARTNER.accepts("offer-2", "NG-1"),
    PARTNER.accepts("offer-1", "NG-2"),
], ids=["none", "empty", "no signature", "another key's", "another offer's", "another case's"])
def test_a_partner_that_did_not_sign_this_very_acceptance_gets_nothing(signature: str | None) -> None:
    register = register_with()
    assert refusal(register, replace(OFFER, signature=signature)) == "acceptance_not_signed"
    assert not register.heard.disclosed


def test_a_partner_that_operators_vouch_for_without_a_signing_key_need_not_sign() -> None:
    register, keys = register_with(), PartnerKeys.new("partner-a", signs=False)
    assert refusal(register, replace(OFFER, vouch=ONBOARDING.vouch(keys), signature=None)) is None


def test_once_operators_vouch_the_partner_is_told_what_was_withheld() -> None:
    register = register_with()
    assert refusal(register, replace(OFFER, vouch=None)) == "key_not_vouched"
    assert refusal(register, replace(OFFER, vouch=None)) == "key_not_vouched"
    assert len(register.heard.withheld) == 1
    assert refusal(register) is None
    assert refusal(register) is None
    assert len(register.heard.disclosed) == 1


def test_keys_other_than_those_of_before_need_two_operators() -> None:
    register = register_with()
    register.recipients.onboarding = two = Onboarding([*ONBOARDING.privates, *Onboarding().privates])
    assert refusal(register) is None
    register.report("NG-2", MARY, contact_safety=SAFE)
    later = replace(accepted("NG-2", "offer-2"), signature=INTRUDER.accepts("offer-2", "NG-2"))
    assert refusal(register, replace(later, vouch=two.vouch(INTRUDER, days=1, by=1))) == "key_changed"
    assert refusal(register, replace(later, vouch=two.vouch(INTRUDER, days=-1))) == "key_outdated"
    assert refusal(register, replace(later, vouch=two.vouch(INTRUDER, days=1))) is None


def ends(register: Register) -> None:
    register.end("NG-1", "offer-1", "partner-a")


def restrict(register: Register) -> None:
    register.restrict(person(register), "partner-a")


@pytest.mark.parametrize(("take_back", "reason"), [
    (withdraw, "no_consent"),
    (restrict, "restricted"),
    (lambda register: register.withdraw("NG-1", sequence=2), "report_withdrawn"),
    (ends, "offer_ended"),
])
def test_a_contact_that_leaves_is_judged_again_and_withheld_once(take_back: Any, reason: str) -> None:
    register = register_with()
    assert refusal(register) is None
    assert register.may_leave("offer-1")
    assert not register.heard.withheld
    take_back(register)
    assert not register.may_leave("offer-1")
    assert not register.may_leave("offer-1")
    assert [str(each.refusal) for each in register.heard.withheld] == [reason]
    assert register.heard.recalled == ["offer-1"]
    assert register.heard.details["contact.withheld"]["reason"] == reason


def test_a_consent_that_runs_out_while_the_contact_waits_holds_it_back() -> None:
    register = register_with(consents=[consent(until=NOW + timedelta(hours=1))])
    assert refusal(register) is None
    assert register.may_leave("offer-1")
    register.pass_time(hours=1)
    assert not register.may_leave("offer-1")
    assert str(register.heard.withheld[0].refusal) == "consent_expired"


def test_a_contact_that_was_replaced_while_it_waits_does_not_leave_any_more() -> None:
    register = register_with()
    assert refusal(register) is None
    register.update("NG-1", consent(), sequence=2, identity={**MARY, "phones": ["0700 000 009"]}, contact_safety=SAFE)
    assert [each["phones"] for each in register.heard.disclosed] == [["+254700000001"], ["+254700000009"]]
    assert (register.may_leave("offer-1", 0), register.may_leave("offer-1", 1)) == (False, True)
    assert not register.heard.withheld


def test_a_contact_that_an_earlier_version_disclosed_leaves() -> None:
    register = register_with()
    assert refusal(register) is None
    register.disclosures.kept["offer-1"].box_digest = None
    assert register.may_leave("offer-1")


def test_a_contact_that_nobody_remembers_disclosing_does_not_leave() -> None:
    assert not register_with().may_leave("offer-1")
