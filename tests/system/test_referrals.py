"""From a posted report to a partner's answer: every way that a referral can go."""

from __future__ import annotations

import pymongo

from ngao.client.account import load
from ngao.kernel.actors import Actor, ActorKind
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.coalition import CRITICAL, ROUTINE, Coalition, Source, report
from tests.support.partner import digest


def test_an_accepted_referral_is_disclosed_to_its_partner_and_done(coalition: Coalition, source: Source, county: str) -> None:
    partner, body = coalition.partner(county, "help"), report(county)
    receipt = source.takes(body)
    case_ref = receipt["case_ref"]
    identity = body["subject"]["identity"]
    contact = partner.hears("registry.contact.disclosed", case_ref)["opened"]
    assert (contact["names"], contact["emails"]) == (digest(identity["names"]), digest(identity["emails"]))
    assert partner.hears("intake.narrative.disclosed", case_ref)["opened"]["narrative"] == digest(body["narrative"])
    coalition.reaches(case_ref, "case.closed")
    story = coalition.story(case_ref)
    assert (story["state"], story["closed_reason"], story["county"]) == ("closed", "all_settled", county)
    told = [hop["what"] for hop in story["story"]]
    steps = ["case.opened", "offered", "received", "accepted", "started", "completed", "case.closed"]
    assert [what for what in told if what in steps] == steps
    assert all(hop["at"] and hop["text"] for hop in story["story"])
    assert {Actor.parse(hop["actor"]).kind for hop in story["story"]} == {ActorKind.SERVICE, ActorKind.PARTNER}
    assert next(hop for hop in story["story"] if hop["what"] == "offered")["reasons"], "the match explains itself"
    eventually(lambda: source.status(receipt)["status"] == "closed", what="the source to see it")


def test_every_entry_of_every_audit_names_its_actor_in_the_one_form(coalition: Coalition, source: Source, county: str) -> None:
    coalition.partner(county, "help")
    coalition.reaches(source.takes(report(county))["case_ref"], "case.closed")
    kinds = set()
    with pymongo.MongoClient[dict[str, str]](coalition.world.parts.mongo) as client:
        for service in coalition.services:
            actors = on_record(client[coalition.world.database(service)]).distinct("actor")
            assert actors, service
            kinds |= {Actor.parse(each).kind for each in actors}
    assert {ActorKind.OPERATOR, ActorKind.SOURCE, ActorKind.PARTNER, ActorKind.SERVICE} <= kinds


def test_a_critical_offer_overtakes_routine_ones_that_came_before_it(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "silent", opened=False)
    routine = [source.takes(report(county, ROUTINE))["case_ref"] for _ in range(6)]
    for case_ref in routine:
        coalition.reaches(case_ref, "offered")
    critical = source.takes(report(county, CRITICAL))
    assert critical["urgency"] == "critical"
    coalition.reaches(critical["case_ref"], "offered")
    queues = load(partner.account, "partner").queues.values()
    eventually(lambda: coalition.edge_line.counts(queues) == 7, within=60, what="all seven offers to be in the queues")
    partner.open()
    eventually(lambda: len(partner.heard()) == 7, within=60, what="all seven offers")
    offers = [each["case_ref"] for each in partner.heard()]
    assert {offers[0]} == partner.refs_of(critical["case_ref"])
    assert set(offers[1:]) == set().union(*(partner.refs_of(each) for each in routine))


def test_a_silent_partner_is_passed_over_and_the_next_one_accepts(coalition: Coalition, source: Source, county: str) -> None:
    silent, next_one = coalition.partner(county, "silent"), coalition.partner(county, "keep", languages=["en"])
    case_ref = source.takes(report(county, CRITICAL))["case_ref"]
    silent.hears("referral.expired", case_ref)
    next_one.hears("intake.narrative.disclosed", case_ref)
    offers = coalition.story(case_ref)["offers"]
    assert [(each["partner_id"], each["attempt"]) for each in offers] == [(silent.id, 1), (next_one.id, 2)]
    assert offers[0]["state"] == "expired"
    late = silent.asks("POST", f"/v1/offers/{offers[0]['offer_id']}/accept")
    assert late[0] == 409
    assert not [each for each in silent.heard(case_ref) if each["opened"]], "nothing is disclosed to who stayed silent"


def test_after_a_refusal_the_next_partner_is_asked_at_once(coalition: Coalition, source: Source, county: str) -> None:
    first, second = coalition.partner(county, "decline"), coalition.partner(county, "keep", languages=["en"])
    case_ref = source.takes(report(county))["case_ref"]
    second.hears("registry.contact.disclosed", case_ref)
    declined = coalition.reaches(case_ref, "declined")
    assert (declined["partner_id"], declined["reason"]) == (first.id, "no_capacity")


def test_when_nobody_is_left_a_duty_officer_is_told_by_mail(coalition: Coalition, source: Source, county: str) -> None:
    coalition.partner(county, "decline")
    receipt = source.takes(report(county))
    unroutable = coalition.reaches(receipt["case_ref"], "unroutable")
    assert unroutable["reason"] == "all_declined_or_silent"
    assert coalition.told(receipt["case_ref"], "duty-officer").recipients == ("duty-officer@example.org",)
    eventually(lambda: source.status(receipt)["status"] == "looking_for_help", what="the source to see that help is looked for")


def test_a_need_that_nobody_serves_goes_to_a_duty_officer(coalition: Coalition, source: Source, county: str) -> None:
    coalition.partner(county, "keep", need="medical")
    case_ref = source.takes(report(county))["case_ref"]
    assert coalition.reaches(case_ref, "unroutable")["reason"] == "no_partner"
    assert coalition.story(case_ref)["offers"] == []
    coalition.told(case_ref, "duty-officer")


def test_without_consent_nothing_is_offered_and_a_human_is_told(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "keep")
    case_ref = source.takes(report(county, consent=[]))["case_ref"]
    assert coalition.reaches(case_ref, "unroutable")["reason"] == "no_consent"
    coalition.told(case_ref, "duty-officer")
    assert coalition.story(case_ref)["offers"] == []
    assert partner.heard(case_ref) == []


def test_an_anonymous_report_is_helped_and_no_contact_is_invented(coalition: Coalition, source: Source, county: str) -> None:
    partner, body = coalition.partner(county, "keep"), report(county, subject={})
    del body["contact_safety"]
    case_ref = source.takes(body)["case_ref"]
    assert partner.hears("intake.narrative.disclosed", case_ref)["opened"]["narrative"] == digest(body["narrative"])
    assert partner.hears("registry.contact.withheld", case_ref)["reason"] == "unknown_person"


def test_a_person_is_never_referred_to_whom_they_must_not_meet(coalition: Coalition, source: Source, county: str) -> None:
    never, other = coalition.partner(county, "keep"), coalition.partner(county, "keep", languages=["en"])
    first = report(county, need="medical")
    known = source.takes(first)["case_ref"]
    coalition.reaches(known, "case.opened")
    ref = coalition.asks("registry", "GET", f"/v1/defenders?case_ref={known}&reason=case_work")["defender_ref"]
    coalition.asks("registry", "POST", f"/v1/defenders/{ref}/restrictions", {"partner_id": never.id, "reason": "safety"})
    case_ref = source.takes(report(county, subject=first["subject"]))["case_ref"]
    other.hears("registry.contact.disclosed", case_ref)
    assert never.heard(case_ref) == []
    (need,) = coalition.asks("referral", "GET", f"/v1/cases/{case_ref}/match?partner_id={never.id}")["matches"]
    assert need["asked_about"]["rule"] == "restriction"
