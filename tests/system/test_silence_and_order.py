"""When a service is silent, and when events come in another order than they were said."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ngao.contracts import Event, decode
from ngao.testing.waiting import eventually
from tests.support.coalition import Coalition, Source, report

ACCEPTED = "intake.report.accepted.v1"
Held = Callable[[str], list[Event]]


def test_a_silent_registry_is_told_to_a_human_and_the_case_goes_on_when_it_is_back(
    coalition: Coalition, source: Source, county: str
) -> None:
    partner, registry = coalition.partner(county, "keep"), coalition.services["registry"]
    registry.stop()
    case_ref = source.takes(report(county))["case_ref"]
    unroutable = coalition.reaches(case_ref, "unroutable", within=25)
    assert unroutable["reason"] == "registry_silent"
    coalition.told(case_ref, "duty-officer")
    assert coalition.story(case_ref)["offers"] == [], "never an offer without the restrictions"
    registry.start()
    partner.hears("registry.contact.disclosed", case_ref)
    partner.hears("intake.narrative.disclosed", case_ref)


def test_the_defender_may_be_known_before_the_report(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "keep")
    with held_back(coalition, ACCEPTED) as held:
        case_ref = source.takes(report(county))["case_ref"]
        coalition.reaches(case_ref, "defender.learnt")
        assert coalition.hops(case_ref).count("report.learnt") == 0
        said = eventually(lambda: held(case_ref), what="what intake said")
    for event in (*said, *said):
        coalition.line.publish(event)
    partner.hears("registry.contact.disclosed", case_ref)
    hops = coalition.hops(case_ref)
    assert hops.index("defender.learnt") < hops.index("report.learnt")
    assert (hops.count("report.learnt"), hops.count("offered")) == (1, 1)


def test_a_report_that_comes_after_its_own_withdrawal_is_not_offered(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "keep")
    with held_back(coalition, ACCEPTED) as held:
        receipt = source.takes(report(county))
        case_ref = receipt["case_ref"]
        coalition.reaches(case_ref, "defender.learnt")
        source.post({}, f"/v1/reports/{receipt['report_id']}/withdraw")
        coalition.reaches(case_ref, "case.closed")
        said = eventually(lambda: held(case_ref), what="what intake said")
    for event in said:
        coalition.line.publish(event)
    coalition.reaches(case_ref, "report.learnt")
    assert (coalition.story(case_ref)["state"], coalition.story(case_ref)["offers"]) == ("closed", [])
    assert partner.heard(case_ref) == []


@contextmanager
def held_back(coalition: Coalition, kind: str) -> Iterator[Held]:
    """Meanwhile, referral does not hear this kind; gives a function that tells what was said of a case."""
    line, queue, key = coalition.line, f"referral.{kind}", f"routine.{kind}"
    aside = f"test.{secrets.token_hex(4)}"
    coalition.management.put("queues", coalition.world.vhost, aside, body={"durable": True})
    line.bind(aside, "events", key)
    line.unbind(queue, "events", key)
    seen: list[Event] = []

    def held(case_ref: str) -> list[Event]:
        seen.extend(decode(body) for _, body in line.take(aside))
        return [event for event in seen if event.subject == case_ref]

    try:
        yield held
    finally:
        line.bind(queue, "events", key)
        coalition.management.delete("queues", coalition.world.vhost, aside)
