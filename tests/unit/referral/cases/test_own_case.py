"""A case has one owner: an operator takes it over or is handed it, and who saw another owner is told so."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from ngao.contracts.events.referral import CaseOwned
from services.referral.cases.own_case import own_case
from services.referral.cases.responses import OwnRequest
from services.referral.context import Context
from tests.support.referral import (
    START,
    Office,
    apply_defender,
    apply_withdrawal,
    consent,
    defender,
    follow_report,
    office,
    report,
)

REF = "NG-0123456789"


def opened(urgency: str = "high") -> Office:
    here = office()
    follow_report(here.ctx(), REF, report(urgency=urgency), [consent()])
    apply_defender(here.ctx(), REF, defender())
    return here


def owned(by: str = "amina") -> Office:
    here = opened()
    own_case(here.ctx(by), {"owner": by}, REF)
    return here


def steps(here: Office) -> list[tuple[str, str, str]]:
    return [(step.actor, step.text, step.reason) for step in here.ctx().timeline.of(REF) if step.what == "case.owned"]


def bounded(here: Office, caller: str, *hubs: str) -> Context:
    """The context of a caller who reaches the cases of these hubs, or without any their own."""
    return here.open(Principal("operator", caller, hubs=frozenset(hubs), grant=Grant(reach="hub" if hubs else "own")))


def test_a_case_is_opened_without_an_owner_and_is_taken_over() -> None:
    here = opened()
    assert (here.case(REF).owner, here.case(REF).owned_since) == (None, None)
    here.pass_time(minutes=5)
    answer = own_case(here.ctx("amina"), {"owner": "amina"}, REF)
    assert (answer["owner"], answer["owned_since"]) == ("amina", here.now)
    assert steps(here) == [("operator:amina", "amina takes over the case.", "taken_over")]


def test_a_case_is_handed_over_by_its_owner_and_by_another_operator() -> None:
    here = owned()
    own_case(here.ctx("amina"), {"owner": "juma"}, REF)
    own_case(here.ctx("grace"), {"owner": "wanjiru"}, REF)
    own_case(here.ctx("amina"), {"owner": "amina"}, REF)
    assert [text for _, text, _ in steps(here)][1:] == [
        "amina hands over the case to juma.",
        "grace hands over the case from juma to wanjiru.",
        "amina takes over the case from wanjiru.",
    ]
    assert [reason for *_, reason in steps(here)] == ["taken_over", "handed_over", "handed_over", "taken_over"]


@pytest.mark.parametrize("urgency", ["critical", "high"])
def test_each_change_is_published_and_on_record_with_who_set_it(urgency: str) -> None:
    here = opened(urgency)
    own_case(here.ctx("grace"), {"owner": "juma"}, REF)
    ((payload, event),) = here.published(CaseOwned)
    assert payload == CaseOwned(case_ref=REF, owner="juma", since=START, set_by="operator:grace", reason="handed_over")
    assert (event.subject, event.urgent, event.notice) == (REF, urgency == "critical", {"case_ref": REF, "owner": "juma"})
    own_case(here.ctx("amina"), {"owner": "amina"}, REF)
    entries = [(str(each.actor), each.subject, each.detail) for each in here.audited if each.action == "case.owned"]
    assert entries == [
        ("operator:grace", REF, {"reason": "handed_over", "owner": "juma"}),
        ("operator:amina", REF, {"reason": "taken_over", "owner": "amina", "owner_before": "juma"}),
    ]


@pytest.mark.parametrize("seen", [{}, {"seen_owner": "amina"}, {"seen_owner": None}, {"seen_owner": "juma"}])
def test_the_same_owner_again_changes_nothing_whatever_was_seen(seen: dict[str, str | None]) -> None:
    here = owned()
    here.pass_time(minutes=1)
    answer = own_case(here.ctx("grace"), {"owner": "amina", **seen}, REF)
    assert (answer["owner"], answer["owned_since"]) == ("amina", START)
    assert len(steps(here)) == len(here.published(CaseOwned)) == 1
    assert here.case(REF).revision == owned().case(REF).revision


@pytest.mark.parametrize("seen", [{}, {"seen_owner": "amina"}])
def test_who_saw_the_present_owner_or_does_not_say_changes_it(seen: dict[str, str | None]) -> None:
    here = owned()
    assert own_case(here.ctx("juma"), {"owner": "juma", **seen}, REF)["owner"] == "juma"


@pytest.mark.parametrize("seen", [None, "grace"])
def test_who_saw_another_owner_is_refused_and_reads_who_it_is_now(seen: str | None) -> None:
    here = owned()
    with pytest.raises(NotAllowedNow) as refused:
        own_case(here.ctx("juma"), {"owner": "juma", "seen_owner": seen}, REF)
    assert (refused.value.slug, refused.value.status) == ("owner-changed", 409)
    assert "amina" in str(refused.value)
    (error,) = broken_fields(refused.value.errors)
    assert (error["pointer"], error["code"], error["detail"]) == ("/seen_owner", "changed", "The owner is amina now.")
    assert "juma" not in f"{refused.value} {error}"
    assert "grace" not in f"{refused.value} {error}"
    assert here.case(REF).owner == "amina"


def test_who_saw_an_owner_of_a_case_that_has_none_is_refused_too() -> None:
    with pytest.raises(NotAllowedNow, match="has no owner now"):
        own_case(opened().ctx("juma"), {"owner": "juma", "seen_owner": "amina"}, REF)


def test_a_closed_case_can_be_handed_over_because_it_may_be_opened_again() -> None:
    here = owned()
    apply_withdrawal(here.ctx(), REF)
    assert here.case(REF).closed
    assert own_case(here.ctx("amina"), {"owner": "juma", "seen_owner": "amina"}, REF)["state"] == "closed"
    assert here.case(REF).owner == "juma"


def test_the_owner_stays_when_the_case_is_closed_and_when_its_report_changes() -> None:
    here = owned()
    follow_report(here.ctx(), REF, report(sequence=2, urgency="critical"), [consent()])
    apply_withdrawal(here.ctx(), REF)
    assert (here.case(REF).owner, here.case(REF).owned_since) == ("amina", START)


def test_an_unknown_case_has_no_owner() -> None:
    with pytest.raises(NotFound):
        own_case(office().ctx("amina"), {"owner": "amina"}, REF)


def test_who_reaches_their_own_cases_hands_one_over_and_reaches_it_no_more() -> None:
    here = owned()
    assert own_case(bounded(here, "amina"), {"owner": "juma"}, REF)["owner"] == "juma"
    with pytest.raises(NotFound):
        own_case(bounded(here, "amina"), {"owner": "amina"}, REF)
    with pytest.raises(NotFound):
        own_case(bounded(opened(), "amina"), {"owner": "amina"}, REF)


def test_who_reaches_a_hub_gives_the_cases_of_it_to_anyone_and_no_others() -> None:
    here = owned()
    assert own_case(bounded(here, "juma", "KE-30"), {"owner": "juma"}, REF)["owner"] == "juma"
    with pytest.raises(NotFound):
        own_case(bounded(here, "juma", "KE-28"), {"owner": "juma"}, REF)


@pytest.mark.parametrize("owner", ["none", "Amina", "a", "amina wanjiru", "", None, 7, "a" * 42])
def test_what_cannot_be_the_id_of_an_operator_is_refused_with_its_field(owner: object) -> None:
    assert OwnRequest().validate({"owner": owner}).keys() == {"owner"}
    seen = OwnRequest().validate({"owner": "amina", "seen_owner": owner})
    assert seen.keys() == ({"seen_owner"} if owner is not None else set())


def test_the_body_names_the_owner_and_nothing_else() -> None:
    assert OwnRequest().validate({"seen_owner": None}).keys() == {"owner"}
    assert OwnRequest().validate({"owner": "amina", "why": "x"}).keys() == {"why"}
