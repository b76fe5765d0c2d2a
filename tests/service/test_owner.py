"""The owner of a case at a running referral: set, handed over, contested, acknowledged, listed and published."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ngao.chassis.security.identity import new_key
from ngao.contracts import Event, decode, make, subscriptions_of
from ngao.testing.broker import Line, provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.service.test_referral import accepted_report, resolved
from tests.support.auditing import on_record
from tests.support.command import ngao

STORE_OF = "referral"
OWNED = "referral.case.owned.v1"
PEOPLE = tuple(f"officer-{number:02}" for number in range(12))
OWN = {"keeper": {"does": "keeps the cases of their own", "sees": ["internal"], "may": {"own": ["cases:read", "cases:write"]}}}
KEEPERS = ("keeper-one", "keeper-two")


@pytest.fixture(scope="module")
def keys(world: World) -> dict[str, str]:
    """Officers, and two who reach their own cases only."""
    made = {name: new_key("operator", name) for name in (*PEOPLE, *KEEPERS)}
    file = world.directory / "operators.json"
    listed = json.loads(file.read_text())["operators"]
    listed += [
        {"id": name, "hash": hashed, "roles": ["keeper" if name in KEEPERS else "duty-officer"]}
        for name, (_, hashed) in made.items()
    ]
    file.write_text(json.dumps({"operators": listed}))
    return {name: key for name, (key, _) in made.items()}


@pytest.fixture(scope="module")
def referral(world: World, keys: dict[str, str]) -> Iterator[ServiceProcess]:
    assert keys
    provision(world, {"referral": subscriptions_of("referral"), "notify": (OWNED,)})
    policy = world.directory / "policy"
    policy.mkdir()
    (policy / "roles.yaml").write_text(json.dumps({"overlay": True, "roles": OWN}))
    process = ServiceProcess(*world.settings("referral", policy=(policy,))).start()
    yield process
    process.stop()


class Desk:
    """One case, and what operators do about its owner."""

    def __init__(self, referral: ServiceProcess, line: Line, keys: dict[str, str], world: World) -> None:
        self.referral, self.line, self.keys, self.world = referral, line, keys, world
        self.case = "NG-" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(10))

    def opens(self, urgency: str = "high") -> None:
        self.line.publish(resolved(self.case))
        self.line.publish(accepted_report(self.case, "legal_aid", urgency))
        eventually(lambda: self.shown().get("state") == "open", what="the case to be open")

    def gives(self, to: str, by: str = "", **seen: str | None) -> tuple[int, Any]:
        answer = self.referral.request("POST", f"/v1/cases/{self.case}/owner", {"owner": to, **seen}, self.keys[by or to])
        return answer[0], answer[1]

    def shown(self, by: str = "") -> dict[str, Any]:
        key = self.keys[by] if by else self.world.operator_key
        status, answer = self.referral.request("GET", f"/v1/cases/{self.case}", None, key)
        return answer if status == 200 else {}

    def lists(self, by: str = "", **query: str) -> list[str]:
        words = "&".join(f"{name}={value}" for name, value in {**query, "limit": "1000"}.items())
        key = self.keys[by] if by else self.world.operator_key
        status, answer = self.referral.request("GET", f"/v1/cases?{words}", None, key)
        assert status == 200, answer
        return [each["case_ref"] for each in answer["cases"]]

    def steps(self) -> list[str]:
        return [each["text"] for each in self.shown()["story"] if each["what"] == "case.owned"]

    def is_acknowledged(self, by: str, *, times: int = 1, event: Event | None = None) -> Event:
        data = {
            "message_id": secrets.token_hex(8), "case_ref": self.case, "cause": "e", "recipient_kind": "duty_officer",
            "recipient_ref": "duty-officer", "template": "look_now", "channel": "email", "by": by,
        }  # fmt: skip
        said = event or make("notify.message.acknowledged.v1", subject=self.case, data=data)
        self.line.publish(said, times=times)
        return said

    def noticed(self, count: int, *, urgent: bool = False) -> list[Event]:
        """What notify gets of the case's owners."""
        found: list[Event] = []

        def all_there() -> bool:
            taken = (decode(body) for _, body in self.line.take(f"notify.{OWNED}{'.urgent' if urgent else ''}"))
            found.extend(each for each in taken if each.subject == self.case)
            return len(found) >= count

        eventually(all_there, what="notify to get the notices")
        assert len(found) == count
        return sorted(found, key=lambda each: each.sequence or 0)


@pytest.fixture
def desk(referral: ServiceProcess, line: Line, keys: dict[str, str], world: World) -> Desk:
    return Desk(referral, line, keys, world)


def slug(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], str(answer[1]["type"]).rpartition("/")[2]


@pytest.mark.parametrize("urgency", ["high", "critical"])
def test_a_case_is_taken_over_handed_over_and_shown_with_its_owner(desk: Desk, store: Any, urgency: str) -> None:
    desk.opens(urgency)
    assert (desk.shown()["owner"], desk.shown()["owned_since"]) == (None, None)
    first, second = PEOPLE[:2]
    status, answer = desk.gives(first, seen_owner=None)
    assert (status, answer["owner"], bool(answer["owned_since"])) == (200, first, True)
    assert desk.gives(second, by=first, seen_owner=first)[1]["owner"] == second
    assert (desk.shown()["owner"], "owned_since" in desk.shown()) == (second, True)
    assert desk.steps() == [f"{first} takes over the case.", f"{first} hands over the case to {second}."]
    acts = list(on_record(store).find({"action": "case.owned", "subject": desk.case}).sort("at"))
    assert [each["actor"] for each in acts] == [f"operator:{first}"] * 2
    assert [each["detail"]["owner"] for each in acts] == [first, second]
    notices = desk.noticed(2, urgent=urgency == "critical")
    assert [each.data for each in notices] == [{"case_ref": desk.case, "owner": owner} for owner in (first, second)]


def test_the_same_owner_again_changes_nothing_and_a_stale_view_is_refused_with_who_it_is_now(desk: Desk) -> None:
    desk.opens()
    first, second, third = PEOPLE[:3]
    since = desk.gives(first)[1]["owned_since"]
    assert desk.gives(first, by=second, seen_owner=third)[1]["owned_since"] == since
    refused = desk.gives(second, seen_owner=None)
    assert slug(refused) == (409, "owner-changed")
    assert [(each["pointer"], each["detail"]) for each in refused[1]["errors"]] == [
        ("/seen_owner", f"The owner is {first} now.")
    ]
    assert second not in json.dumps(refused[1])
    assert desk.steps() == [f"{first} takes over the case."]


@pytest.mark.parametrize(
    "body", [{}, {"owner": "none"}, {"owner": "Zed Zed"}, {"owner": "amina", "seen_owner": 7}, {"name": "x"}]
)
def test_what_names_no_operator_is_refused_with_its_field_and_not_repeated(desk: Desk, body: dict[str, Any]) -> None:
    status, problem = desk.referral.request("POST", f"/v1/cases/{desk.case}/owner", body, desk.world.operator_key)
    assert status == 422
    assert {each["pointer"] for each in problem["errors"]} & {"/owner", "/seen_owner"}
    assert "Zed" not in json.dumps(problem)


def test_of_many_who_saw_that_no_one_owns_it_one_takes_the_case_and_each_other_reads_who(desk: Desk) -> None:
    desk.opens()
    with ThreadPoolExecutor(len(PEOPLE)) as together:
        answers = dict(zip(PEOPLE, together.map(lambda name: desk.gives(name, seen_owner=None), PEOPLE), strict=True))
    (winner,) = [name for name, (status, _) in answers.items() if status == 200]
    others = [answer for name, answer in answers.items() if name != winner]
    assert {slug(each) for each in others} == {(409, "owner-changed")}
    assert {each[1]["errors"][0]["detail"] for each in others} == {f"The owner is {winner} now."}
    assert (desk.shown()["owner"], desk.steps()) == (winner, [f"{winner} takes over the case."])
    desk.noticed(1)


def test_take_overs_at_the_same_moment_are_recorded_one_after_the_other(desk: Desk) -> None:
    desk.opens()
    four = PEOPLE[:4]
    with ThreadPoolExecutor(len(four)) as together:
        assert {status for status, _ in together.map(desk.gives, four)} == {200}
    notices = desk.noticed(len(four))
    owners = [each.data["owner"] for each in notices]
    assert sorted(owners) == sorted(four)
    assert desk.shown()["owner"] == owners[-1]
    befores = ["", *(f" from {each}" for each in owners)]
    wanted = [f"{owner} takes over the case{before}." for owner, before in zip(owners, befores, strict=False)]
    assert sorted(desk.steps()) == sorted(wanted)


def test_the_first_acknowledgement_gives_the_case_an_owner_and_no_later_one_takes_it(desk: Desk) -> None:
    desk.opens()
    first, second = PEOPLE[:2]
    said = desk.is_acknowledged(first, times=3)
    eventually(lambda: desk.shown()["owner"] == first, what="the acknowledgement to give it an owner")
    assert desk.gives(second)[0] == 200
    desk.is_acknowledged(first, event=said, times=3)
    desk.is_acknowledged(first)
    eventually(lambda: [each["what"] for each in desk.shown()["story"]].count("message.acknowledged") == 2, what="both")
    assert (desk.shown()["owner"], len(desk.steps())) == (second, 2)
    desk.noticed(2)


def test_an_acknowledgement_that_overtakes_the_report_is_kept_for_it(desk: Desk) -> None:
    desk.is_acknowledged(PEOPLE[0])
    eventually(lambda: desk.shown().get("owner") == PEOPLE[0], what="the case to be known")
    desk.opens()
    assert (desk.shown()["owner"], desk.shown()["county"]) == (PEOPLE[0], "KE-30")


def test_an_acknowledgement_and_a_take_over_at_the_same_moment_lose_neither(desk: Desk) -> None:
    desk.opens()
    first, second = PEOPLE[:2]
    with ThreadPoolExecutor(2) as together:
        together.submit(desk.is_acknowledged, first)
        assert together.submit(desk.gives, second).result()[0] == 200
    eventually(lambda: "message.acknowledged" in [each["what"] for each in desk.shown()["story"]], what="the acknowledgement")
    assert desk.shown()["owner"] == second


def test_cases_are_listed_by_owner_and_those_of_no_one_apart(desk: Desk) -> None:
    desk.opens()
    owner = f"lister-{secrets.token_hex(3)}"
    assert desk.case in desk.lists(owner="none")
    assert desk.case in desk.lists(owner="none", state="open")
    assert desk.case not in desk.lists(owner="none", state="closed")
    assert desk.gives(owner, by=PEOPLE[0])[0] == 200
    assert desk.lists(owner=owner) == desk.lists(owner=owner, state="open") == [desk.case]
    assert desk.lists(owner=owner, state="closed") == desk.lists(owner=owner, state="waiting") == []
    assert desk.case not in desk.lists(owner="none")
    status, problem = desk.referral.request("GET", "/v1/cases?owner=Zed", None, desk.world.operator_key)
    assert (status, problem["errors"][0]["pointer"], "Zed" in json.dumps(problem["errors"])) == (422, "/owner", False)


def test_who_reaches_their_own_cases_is_answered_about_these_and_no_other_exists(desk: Desk) -> None:
    one, two = KEEPERS
    desk.opens()
    assert desk.lists(by=one) == desk.lists(by=one, owner="none") == []
    assert desk.gives(one)[0] == desk.gives(two, by=one)[0] == 404, "no one takes what they do not reach"
    assert desk.gives(one, by=PEOPLE[0])[0] == 200
    assert (desk.lists(by=one), desk.lists(by=two), desk.lists(by=two, owner=one)) == ([desk.case], [], [])
    assert (desk.shown(by=one).get("owner"), desk.shown(by=two)) == (one, {})
    for method, path in (("GET", "match"), ("POST", "match"), ("POST", "needs/legal_aid/settle")):
        body = {"reason": "met"} if path.endswith("settle") else ({} if method == "POST" else None)
        at = f"/v1/cases/{desk.case}/{path}"
        assert desk.referral.request(method, at, body, desk.keys[two])[0] == 404, path
    assert desk.referral.request("POST", f"/v1/cases/{desk.case}/match", {}, desk.keys[one])[0] == 200
    assert desk.gives(two, by=one, seen_owner=one)[1]["owner"] == two
    assert (desk.shown(by=one), desk.shown(by=two).get("owner")) == ({}, two)
    assert desk.gives(one)[0] == 404


def test_the_commands_take_over_hand_over_and_list(desk: Desk, world: World) -> None:
    desk.opens()
    code, printed = ngao(world, "case", "own", desk.case, referral=desk.referral)
    assert code == 0, printed
    assert printed.startswith(f"{desk.case}: tester owns it, since ")
    code, printed = ngao(world, "case", "own", desk.case, "--to", "amina", "--json", referral=desk.referral)
    assert (code, json.loads(printed)["owner"]) == (0, "amina")
    code, printed = ngao(world, "case", "list", "--owner", "amina", "--state", "open", referral=desk.referral)
    assert (code, desk.case in printed) == (0, True)
    code, printed = ngao(world, "case", "list", "--owner", "none", "--json", referral=desk.referral)
    assert (code, desk.case in printed) == (0, False)
