"""The list of cases: by state and by owner, of what the caller reaches; which of two errors of a query is answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from ngao.testing.referral import ReferralInMemory
from services.referral.cases.model import Case, Life
from services.referral.cases.read import get_case, list_cases
from tests.support.referral import report

START = datetime(2026, 3, 2, tzinfo=UTC)
CASES = (
    ("waiting-amina", Life.WAITING, "amina", "KE-30"),
    ("open-amina", Life.OPEN, "amina", "KE-30"),
    ("closed-amina", Life.CLOSED, "amina", "KE-28"),
    ("open-juma", Life.OPEN, "juma", "KE-28"),
    ("waiting-no-one", Life.WAITING, None, "KE-30"),
    ("open-no-one", Life.OPEN, None, "KE-28"),
    ("closed-no-one", Life.CLOSED, None, "KE-30"),
)


def desk() -> ReferralInMemory:
    """Cases of several states, owners and counties, each made a minute after the one before."""
    here = ReferralInMemory(START)
    for at, (case_ref, life, owner, county) in enumerate(CASES):
        case = Case(case_ref, START + timedelta(minutes=at), None, report=report(county=county), life=life, owner=owner)
        case.owned_since = START if owner else None
        here.open().cases.save(case)
    return here


def listed(principal: Principal | None = None, **query: str) -> list[str]:
    return [each["case_ref"] for each in list_cases(desk().open(principal), **query)["cases"]]


@pytest.mark.parametrize(
    ("state", "limit", "pointer"), [("lost", "10", "/state"), ("open", "1001", "/limit"), ("lost", "1001", "/limit")]
)
def test_the_limit_is_checked_before_the_state(state: str, limit: str, pointer: str) -> None:
    referral = ReferralInMemory(datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(InvalidInput) as refused:
        list_cases(referral.open(), state=state, limit=limit)
    assert [error["pointer"] for error in broken_fields(refused.value.errors)] == [pointer]


def test_the_most_urgent_come_first_and_of_these_the_newest() -> None:
    here = ReferralInMemory(START)
    for at, urgency in enumerate(("critical", "low", "critical", "high")):
        of = report(urgency=urgency)
        here.open().cases.save(Case(f"NG-{at}", START + timedelta(minutes=at), None, report=of, life=Life.OPEN))
    ask = here.open()
    assert [each["case_ref"] for each in list_cases(ask, order="urgency", limit="3")["cases"]] == ["NG-2", "NG-0", "NG-3"]
    assert [each["case_ref"] for each in list_cases(ask, limit="3")["cases"]] == ["NG-3", "NG-2", "NG-1"]
    with pytest.raises(InvalidInput) as refused:
        list_cases(ask, order="age")
    assert [error["pointer"] for error in broken_fields(refused.value.errors)] == ["/order"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"owner": "amina"}, ["closed-amina", "open-amina", "waiting-amina"]),
        ({"owner": "amina", "state": "open"}, ["open-amina"]),
        ({"owner": "amina", "state": "closed"}, ["closed-amina"]),
        ({"owner": "amina", "limit": "1"}, ["closed-amina"]),
        ({"owner": "wanjiru"}, []),
        ({"owner": "none"}, ["open-no-one", "waiting-no-one"]),
        ({"owner": "none", "state": "open"}, ["open-no-one"]),
        ({"owner": "none", "state": "closed"}, ["closed-no-one"]),
        ({"state": "waiting"}, ["waiting-no-one", "waiting-amina"]),
        ({"case_ref": "open-juma"}, ["open-juma"]),
        ({"case_ref": "open-juma", "state": "closed"}, []),
        ({"case_ref": "unknown"}, []),
        ({"case_ref": "open-amina,unknown,open-juma"}, ["open-juma", "open-amina"]),
        ({}, [each[0] for each in reversed(CASES)]),
    ],
)
def test_cases_are_listed_by_owner_and_state(query: dict[str, str], found: list[str]) -> None:
    assert listed(**query) == found


def test_who_owns_a_case_and_since_when_is_in_the_list_and_in_the_case() -> None:
    shown = {each["case_ref"]: (each["owner"], each["owned_since"]) for each in list_cases(desk().open())["cases"]}
    assert (shown["open-amina"], shown["open-no-one"]) == (("amina", START), (None, None))
    one = get_case(desk().open(Principal("operator", "grace")), "open-amina")
    assert (one["owner"], one["owned_since"]) == ("amina", START)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["closed-amina", "open-amina", "waiting-amina"]),
        ({"state": "open"}, ["open-amina"]),
        ({"owner": "amina"}, ["closed-amina", "open-amina", "waiting-amina"]),
        ({"owner": "juma"}, []),
        ({"case_ref": "open-juma"}, []),
        ({"owner": "none"}, []),
    ],
)
def test_who_reaches_their_own_cases_is_shown_these(query: dict[str, str], found: list[str]) -> None:
    assert listed(Principal("operator", "amina", grant=Grant(reach="own")), **query) == found


def test_who_reaches_a_hub_lists_an_owners_cases_of_it() -> None:
    convenor = Principal("operator", "convenor", hubs=frozenset({"KE-30"}), grant=Grant(reach="hub"))
    assert listed(convenor, owner="amina") == ["open-amina", "waiting-amina"]
    assert listed(convenor, owner="none") == ["waiting-no-one"]
    assert listed(convenor, case_ref="open-juma") == []


@pytest.mark.parametrize("owner", ["", "NONE", "Amina", "a", "amina,juma", "amina\n"])
def test_an_owner_that_is_no_id_is_refused_and_not_repeated(owner: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        listed(owner=owner)
    assert broken_fields(refused.value.errors) == [
        {"pointer": "/owner", "code": "format", "detail": "Must be the id of an operator, or none."}
    ]
