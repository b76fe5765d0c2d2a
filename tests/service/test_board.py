"""The board and the page of a case, with the real services behind them: what each may see and do, and what is missing."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pymongo
import pytest

from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.intake import onboard, report
from tests.support.night import MOMBASA, NAIROBI, SECRET_WORDS, Night
from tests.support.staff import Browser


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def running(night: Night) -> dict[str, ServiceProcess]:
    return night.services


@pytest.fixture(scope="module")
def cases(night: Night) -> dict[str, str]:
    """A critical case in each of two counties, known to referral, with an alarm at notify."""
    return {county: night.report(county) for county in (NAIROBI, MOMBASA)}


@pytest.fixture
def person(night: Night) -> Callable[..., Browser]:
    """Sign somebody in with these roles."""
    return night.person


def test_the_board_shows_what_nobody_has_seen_first_and_one_confirmation_silences_every_alarm_of_the_case(
    running: dict[str, ServiceProcess], world: World, cases: dict[str, str], person: Callable[..., Browser]
) -> None:
    browser, case = person("duty-officer"), cases[NAIROBI]
    page = browser.get("/")
    assert page.status == 200
    assert re.findall(r'<li class="case (\w+)" id="([^"]+)"', page.text)[0][0] == "critical"
    assert f'action="/c/{case}/seen"' in page.text
    assert "Nairobi" in page.text
    assert browser.post(f"/c/{case}/seen").leads_to == f"/c/{case}"
    assert f'action="/c/{case}/seen"' not in browser.get("/").text
    messages = running["notify"].request("GET", f"/v1/messages?case_ref={case}", None, world.operator_key)[1]["messages"]
    alarms = [each for each in messages if each["ladder"]]
    assert alarms
    assert {each["state"] for each in alarms} == {"acknowledged"}


def test_a_closed_case_stays_on_the_board_until_its_alarm_is_seen(night: Night, person: Callable[..., Browser]) -> None:
    browser, case = person("duty-officer"), night.report(MOMBASA)
    needs = night.ask("referral", "GET", f"/v1/cases/{case}")[1]["needs"]
    browser.get(f"/c/{case}")
    for need in needs:
        assert browser.post(f"/c/{case}/settle", need=need["need"], reason="met").status == 303
    assert night.ask("referral", "GET", f"/v1/cases/{case}")[1]["state"] == "closed"
    assert f'action="/c/{case}/seen"' in browser.get("/").text
    assert f'id="{case}"' in browser.get("/?seen=no").text
    assert browser.post(f"/c/{case}/seen").status == 303
    assert case not in browser.get("/").text


def test_a_case_is_taken_over_once_and_who_comes_later_learns_who_has_it(
    running: dict[str, ServiceProcess], world: World, cases: dict[str, str], person: Callable[..., Browser]
) -> None:
    first, second, case = person("duty-officer"), person("duty-officer"), cases[MOMBASA]
    seen = first.get(f"/c/{case}").field("seen_owner")
    second.get(f"/c/{case}")
    assert first.post(f"/c/{case}/owner", seen_owner=seen).leads_to == f"/c/{case}"
    owner = running["referral"].request("GET", f"/v1/cases/{case}", None, world.operator_key)[1]["owner"]
    assert owner.startswith("staff-")
    refused = second.post(f"/c/{case}/owner", seen_owner=seen)
    assert (refused.status, f"The owner is {owner} now." in refused.text) == (409, True)
    assert f"Owner: {owner}" in second.get(f"/c/{case}").text
    assert case in first.get("/?owner=me").text
    assert case not in second.get("/?owner=me").text


def test_a_case_says_what_happened_why_and_whose_turn_and_never_who(
    cases: dict[str, str], person: Callable[..., Browser]
) -> None:
    browser, case = person("duty-officer"), cases[MOMBASA]
    page = browser.get(f"/c/{case}")
    assert page.status == 200
    for words in ("Enforced disappearance", "Mombasa", "What happened", "Why critical"):
        assert words in page.text, words
    story = browser.get(f"/c/{case}/story")
    assert "Intake has sent the report." in story.text
    assert SECRET_WORDS not in page.text + story.text


def test_the_pages_are_in_swahili_for_who_reads_swahili(cases: dict[str, str], person: Callable[..., Browser]) -> None:
    browser = person("duty-officer")
    browser.get("/sign-in?lang=sw")
    page = browser.get(f"/c/{cases[MOMBASA]}")
    for words in ('<html lang="sw"', "Kilichotokea", "Chukua kesi", "Ondoka sasa"):
        assert words in page.text, words


def test_a_convenor_sees_her_hub_and_a_case_of_another_is_one_that_does_not_exist(
    cases: dict[str, str], person: Callable[..., Browser]
) -> None:
    browser = person("hub-convenor", hubs=(MOMBASA,))
    board = browser.get("/").text
    assert (cases[MOMBASA] in board, cases[NAIROBI] in board) == (True, False)
    assert browser.get(f"/c/{cases[MOMBASA]}").status == 200
    hidden, unknown = browser.get(f"/c/{cases[NAIROBI]}"), browser.get("/c/NG-0000000000")
    assert (hidden.status, hidden.timeless) == (404, unknown.timeless)
    assert "/seen" not in board, "she has no scope for messages"
    assert "that no one has seen." not in browser.get("/handover").text, "so no number is said to be none"
    assert browser.post(f"/c/{cases[MOMBASA]}/seen").status == 404


def test_who_lacks_the_scope_finds_no_board(person: Callable[..., Browser], cases: dict[str, str]) -> None:
    browser = person("custodian")
    begins = browser.get("/").leads_to
    assert (begins, browser.get(begins).status) == ("/more", 200)
    assert browser.get(f"/c/{cases[NAIROBI]}").status == 404
    assert "Board" not in browser.get("/me").text + browser.get(begins).text


@pytest.mark.parametrize("role", ["data-officer", "administrator", "approver", "custodian"])
def test_who_has_no_board_begins_at_a_page_of_their_own_and_not_at_one_that_does_not_exist(
    person: Callable[..., Browser], role: str
) -> None:
    browser = person(role)
    page = browser.get("/")
    assert page.status == 303
    assert browser.get(page.leads_to).status == 200


def test_a_case_is_handed_over_to_no_one_who_cannot_open_it(
    running: dict[str, ServiceProcess], world: World, cases: dict[str, str], night: Night
) -> None:
    names = {role: f"{role}-{secrets.token_hex(3)}" for role in ("duty-officer", "auditor", "caseworker", "hub-convenor")}
    browsers = {
        role: night.person(role, name=name, hubs=(NAIROBI,) if role == "hub-convenor" else ()) for role, name in names.items()
    }
    browser, case = browsers["duty-officer"], cases[MOMBASA]
    seen = browser.get(f"/c/{case}").field("seen_owner")
    path = f"/v1/accounts/{names['caseworker']}/close"
    assert running["console"].request("POST", path, {"reason": "left"}, world.operator_key)[0] == 200
    for owner in ("nobody-at-all", names["auditor"], names["caseworker"], names["hub-convenor"]):
        browser.get(f"/c/{case}")
        refused = browser.post(f"/c/{case}/owner", owner=owner, seen_owner=seen)
        assert (refused.status, "This person cannot take the case now." in refused.text) == (409, True), owner
    assert browser.get(f"/c/{case}").field("seen_owner") == seen
    other = f"duty-{secrets.token_hex(3)}"
    night.person("duty-officer", name=other)
    assert browser.post(f"/c/{case}/owner", owner=other, seen_owner=seen).leads_to == f"/c/{case}"


def test_who_acknowledges_elsewhere_one_step_of_a_ladder_has_seen_the_case_and_newer_messages_hide_no_alarm(
    running: dict[str, ServiceProcess], world: World, night: Night, person: Callable[..., Browser]
) -> None:
    case, browser, notify = night.report(), person("duty-officer"), running["notify"]
    unseen = f'action="/c/{case}/seen"'
    assert unseen in browser.get("/").text
    listed = notify.request("GET", "/v1/alarms", None, world.operator_key)[1]["messages"]
    alarms = [each["message_id"] for each in listed if each["case_ref"] == case]
    assert alarms
    assert notify.request("POST", f"/v1/messages/{alarms[0]}/acknowledge", None, world.operator_key)[0] == 200
    assert unseen not in browser.get("/").text
    assert unseen not in browser.get(f"/c/{case}").text
    left = notify.request("GET", "/v1/alarms", None, world.operator_key)[1]["messages"]
    assert case not in {each["case_ref"] for each in left}


@pytest.mark.parametrize("address", ["/?urgency=worst", "/?who=amina", "/?owner=amina", "/?turn=", "/c/..%2fx", "/c/a b"])
def test_an_address_that_says_anything_else_leads_nowhere(
    person: Callable[..., Browser], cases: dict[str, str], address: str
) -> None:
    assert cases
    assert person("duty-officer").get(address.replace(" ", "%20")).status == 404


def test_filters_stay_in_the_address(person: Callable[..., Browser], cases: dict[str, str]) -> None:
    browser = person("duty-officer")
    assert cases[MOMBASA] in browser.get("/?urgency=critical").text
    assert cases[MOMBASA] not in browser.get("/?urgency=low").text
    assert cases[MOMBASA] not in browser.get("/?owner=me").text
    assert 'href="/?urgency=critical&amp;owner=none"' in browser.get("/?urgency=critical").text


def test_each_stopped_service_leaves_a_page_that_names_what_is_missing(
    running: dict[str, ServiceProcess], person: Callable[..., Browser], cases: dict[str, str]
) -> None:
    browser, case = person("duty-officer"), cases[MOMBASA]
    for name, words in (("notify", "Messages cannot be shown now."), ("intake", "What was reported cannot be shown now.")):
        running[name].stop()
        try:
            page = browser.get(f"/c/{case}")
            assert (page.status, words in page.text) == (200, True), name
        finally:
            running[name].start()
    running["notify"].stop()
    try:
        board = browser.get("/")
        assert (board.status, "Messages cannot be shown now." in board.text, case in board.text) == (200, True, True)
        unknown = browser.get("/handover").text
        assert ("Messages cannot be shown now." in unknown, "that no one has seen." in unknown) == (True, False)
        failed = browser.post(f"/c/{case}/seen")
        assert (failed.status, "Not done." in failed.text) == (503, True)
    finally:
        running["notify"].start()
    running["referral"].stop()
    try:
        board = browser.get("/")
        assert (board.status, "Cases and partners cannot be shown now." in board.text) == (200, True)
        assert browser.get(f"/c/{case}").status == 503
    finally:
        running["referral"].start()


def test_killing_the_console_stops_no_case_and_loses_no_session(
    running: dict[str, ServiceProcess], world: World, person: Callable[..., Browser], cases: dict[str, str]
) -> None:
    browser = person("duty-officer")
    running["console"].signal(9)
    eventually(running["console"].has_ended, what="the console to be gone")
    key = onboard(running["intake"], world, f"forms-{secrets.token_hex(3)}")
    status, receipt = running["intake"].request("POST", "/v1/reports", report(), key)
    assert status == 202
    known = f"/v1/cases/{receipt['case_ref']}"
    eventually(lambda: running["referral"].request("GET", known, None, world.operator_key)[0] == 200, what="the case to go on")
    running["console"].start()
    assert cases[MOMBASA] in browser.get("/").text


def test_nothing_about_a_person_is_in_the_consoles_log_or_store(
    running: dict[str, ServiceProcess], world: World, cases: dict[str, str]
) -> None:
    assert cases
    log = running["console"].log.read_text()
    assert SECRET_WORDS not in log
    assert not [line for line in log.splitlines() if any(each in line for each in cases.values())], "the log names routes"


def test_a_board_that_cannot_show_every_open_case_says_so(
    night: Night, world: World, cases: dict[str, str], person: Callable[..., Browser]
) -> None:
    browser, said = person("duty-officer"), "Too many cases are open to show them all here: the least urgent are missing."
    assert said not in browser.get("/").text
    client: Any = pymongo.MongoClient(world.parts.mongo)
    stored = client[world.database("referral")]["cases"]
    like = stored.find_one({"_id": cases[MOMBASA]}, {"next_deadline": 0})
    many = [{**like, "_id": f"NG-{number:010}", "created_at": datetime.now(UTC)} for number in range(500)]
    try:
        stored.insert_many(many)
        for path in ("/", "/handover"):
            page = browser.get(path)
            assert (said in page.text, 'class="missing"' in page.text) == (True, False), "the script takes what is shown"
        assert browser.get(f"/c/{cases[MOMBASA]}/changed").status == 200, "a case that is not among them is known all the same"
    finally:
        stored.delete_many({"_id": {"$in": [each["_id"] for each in many]}})
        client.close()
