"""The page of a person and the pages of candidates, with the real services behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.night import Night
from tests.support.staff import Browser, Page

pytestmark = pytest.mark.thorough

ZONE = ZoneInfo("Africa/Nairobi")
SAFE = {"may_contact": True, "channels": ["phone"], "code_word": "mwavuli", "shared_phone": True, "voicemail": False}
NAME, NUMBER, SHOWN = "Invented Wambui Korir", "0700000331", "+254700000331"
LATE_NAME, LATE_NUMBER, LATE_SHOWN = "Fictional Akinyi Otieno", "0700000442", "+254700000442"
SECRETS = (
    "Wambui",
    "Akinyi",
    "Korir",
    "Otieno",
    "700000331",
    "700000442",
    "Naliaka",
    "Wekesa",
    "700000553",
    "700000664",
    "Rotich",
)


@dataclass(frozen=True)
class Cases:
    """One who may be called now, one whose safe hours are later, one about no one, and two who are perhaps known."""

    now: str
    later: str
    nameless: str
    known: str
    probable: str
    decided: str


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world).start()
    yield started
    started.stop()


def of(name: str, phone: str) -> dict[str, Any]:
    return {"identity": {"names": [name], "phones": [phone]}}


def later() -> list[dict[str, Any]]:
    opens, closes = (datetime.now(ZONE) + timedelta(hours=each) for each in (2, 4))
    return [{"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}]


@pytest.fixture(scope="module")
def cases(night: Night) -> Cases:
    found = Cases(
        now=night.report(subject=of(NAME, NUMBER), contact_safety=SAFE),
        later=night.report(subject=of(LATE_NAME, LATE_NUMBER), contact_safety={**SAFE, "hours": later()}),
        nameless=night.report(subject={}),
        known=night.report(subject=of("Invented Naliaka Wekesa", "0700000553")),
        probable=night.report(subject=of("Invented Naliakaa Wekesa", "0700000664")),
        decided=_perhaps_known(night),
    )
    for each in (found.now, found.later, found.probable, found.decided):
        known = f"/v1/cases/{each}/readings"
        eventually(lambda at=known: night.ask("registry", "GET", at)[0] == 200, what="the registry to know the person")  # type: ignore[misc]
    return found


def _perhaps_known(night: Night) -> str:
    night.report(subject=of("Fictional Chebet Rotich", "0700000775"))
    return night.report(subject=of("Fictional Chebett Rotich", "0700000886"))


@pytest.fixture(scope="module")
def officer(night: Night) -> Browser:
    return night.person("duty-officer", name="amina")


def read_times(night: Night, case: str) -> int:
    return int(night.ask("registry", "GET", f"/v1/cases/{case}/readings")[1]["times"])


def secrets_in(page: Page) -> list[str]:
    return [each for each in SECRETS if each in page.text]


def test_a_person_is_masked_and_the_page_says_how_contact_is_safe(officer: Browser, cases: Cases) -> None:
    page = officer.get(f"/c/{cases.now}/person")
    assert (page.status, secrets_in(page), "mwavuli" in page.text) == (200, [], False)
    for words in ("I• W• K•", "•••331", "Use only: phone call", "Use the code word", "Another person may answer"):
        assert words in page.text, words
    assert re.search(r"Seen \d+ times?<", page.text)
    assert 'translate="no"' in page.text
    assert f'href="/c/{cases.now}/person"' in officer.get(f"/c/{cases.now}").text


def test_a_number_is_shown_for_a_reason_below_how_it_is_safe_and_every_look_is_on_record(
    night: Night, officer: Browser, cases: Cases
) -> None:
    path, before = f"/c/{cases.now}/person/number", read_times(night, cases.now)
    officer.get(f"/c/{cases.now}/person")
    for without in ({}, {"reason": ""}, {"reason": "data_subject_request"}, {"reason": "curiosity"}):
        refused = officer.post(path, **without)
        assert (refused.status, secrets_in(refused)) == (422, []), without
        assert "Choose why you need it" in refused.text
    assert read_times(night, cases.now) == before
    shown = officer.post(path, reason="case_work")
    assert (shown.status, shown.headers["Cache-Control"]) == (200, "no-store")
    assert f'href="tel:{SHOWN}"' in shown.text
    order = [shown.text.index(each) for each in ("any time", "Another person may answer", "mwavuli", NAME, f">{SHOWN}<")]
    assert order == sorted(order)
    assert "amina" in re.findall(r'class="watermark"[^>]*>(.*?)</p>', shown.text, re.DOTALL)[0]
    assert all(each in shown.text for each in ('translate="no"', 'spellcheck="false"'))
    assert read_times(night, cases.now) == before + 1
    page = officer.get(f"/c/{cases.now}/person")
    assert re.search(rf"Seen {before + 1} times?<", page.text)
    assert re.search(r"<li>amina, [0-9: -]+: To work on the case</li>", page.text)


def test_no_address_leads_to_a_number_again(officer: Browser, cases: Cases) -> None:
    page = officer.get(f"/c/{cases.now}/person/number?reason=case_work")
    assert (page.status, secrets_in(page)) == (405, [])


def test_outside_of_the_safe_hours_the_number_is_refused_unless_a_second_reason_is_given(
    night: Night, officer: Browser, cases: Cases
) -> None:
    path, before = f"/c/{cases.later}/person/number", read_times(night, cases.later)
    officer.get(f"/c/{cases.later}/person")
    refused = officer.post(path, reason="case_work")
    assert (refused.status, secrets_in(refused), "mwavuli" in refused.text) == (200, [], False)
    assert re.search(r"Do not call now. Safe \d\d:\d\d to \d\d:\d\d", refused.text)
    assert (refused.field("reason"), read_times(night, cases.later)) == ("case_work", before)
    assert officer.post(path, reason="case_work", despite="curiosity").status == 422
    shown = officer.post(path, reason="case_work", despite="safety_check")
    assert LATE_SHOWN in shown.text
    assert shown.text.index("Do not call now.") < shown.text.index(LATE_SHOWN)
    status, found = night.ask("registry", "GET", f"/v1/cases/{cases.later}/readings")
    assert (status, found["times"]) == (200, before + 1)
    assert (found["readings"][0]["by"], found["readings"][0]["despite"]) == ("operator:amina", "safety_check")


def test_each_role_is_offered_the_reasons_that_it_may_give(night: Night, cases: Cases) -> None:
    page = night.person("data-officer").get(f"/c/{cases.now}/person")
    assert page.status == 200
    assert re.findall(r'<option value="(\w+)"', page.text) == ["data_subject_request", "correction"]


def test_unknown_and_forbidden_references_get_the_same_answer(night: Night, officer: Browser, cases: Cases) -> None:
    watch, unknown = night.person("watch"), "NG-0000000000"
    pages = [
        browser.get(path)
        for browser in (officer, watch)
        for path in (f"/c/{unknown}/person", f"/candidates/{unknown}")
    ] + [watch.get(f"/c/{cases.now}/person"), watch.get(f"/candidates/{cases.probable}"), watch.get("/candidates")]  # fmt: skip
    watch.get("/me")
    pages += [watch.post(f"/c/{each}/person/number", reason="case_work") for each in (cases.now, unknown)]
    assert {each.status for each in pages} == {404}
    assert len({each for page in pages for each in re.findall(r'<main id="content".*?</main>', page.text, re.DOTALL)}) == 1


def test_a_case_about_no_one_says_so(officer: Browser, cases: Cases) -> None:
    page = officer.get(f"/c/{cases.nameless}/person")
    assert (page.status, "names no one" in page.text) == (200, True)


def test_candidates_are_shown_masked_side_by_side(officer: Browser, cases: Cases) -> None:
    listed = officer.get("/candidates")
    assert (listed.status, secrets_in(listed)) == (200, [])
    assert f'href="/candidates/{cases.probable}"' in listed.text
    page = officer.get(f"/candidates/{cases.probable}")
    assert (page.status, secrets_in(page)) == (200, [])
    for words in ("I• N• W•", "•••553", "•••664", "alike", "similar", 'data-label="Known"'):
        assert words in page.text, words
    assert "/same" not in page.text, "a duty officer may not decide"
    assert officer.post(f"/candidates/{cases.probable}/different", seen="1").status == 404


def test_two_tabs_that_decide_one_candidate_the_second_learns_who_and_what(night: Night, cases: Cases) -> None:
    path = f"/candidates/{cases.decided}"
    first, second = night.person("caseworker", name="wanjiru"), night.person("caseworker", name="juma")
    page = first.get(path)
    known, seen = page.field("known"), page.field("seen")
    assert second.get(path).field("seen") == seen
    assert first.post(f"{path}/unsure", seen=seen).leads_to == path
    late = second.post(f"{path}/same", known=known, seen=seen)
    assert (late.status, "wanjiru was not sure at" in late.text) == (409, True)
    seen = late.field("seen")
    assert "wanjiru was not sure at" in first.get("/candidates").text
    assert second.post(f"{path}/same", known=known, seen=seen).leads_to == path
    refused = first.post(f"{path}/different", seen=seen)
    assert refused.status == 409
    assert re.search(r"juma decided this at \d\d:\d\d: Same person. Your decision was not stored.", refused.text)
    status, found = night.ask("registry", "GET", f"/v1/candidates/{cases.decided}?reason=candidate_review")
    assert (status, found["verdict"], found["decided_by"]) == (200, "linked", "operator:juma")
    assert path not in first.get("/candidates").text
    undone = first.post(f"{path}/different", seen=refused.field("seen"))
    assert undone.leads_to == path
    assert re.search(r"wanjiru decided this at \d\d:\d\d: Different people", first.get(path).text)
    assert [first.post(f"{path}/same", known=known, seen=each).status for each in ("", "x", "-1")] == [404] * 3
    assert first.post(f"{path}/same", known="../x", seen="1").status == 404


def test_the_pages_are_in_swahili_for_who_reads_swahili(night: Night, cases: Cases) -> None:
    browser = night.person("duty-officer")
    browser.get("/sign-in?lang=sw")
    page = browser.get(f"/c/{cases.later}/person")
    for words in ('<html lang="sw"', "Mhusika,", "Onyesha kwa sekunde 60", "Kushughulikia kesi", "Wasiliana na mhusika"):
        assert words in page.text, words
    assert "Usipige simu sasa. Salama" in browser.post(f"/c/{cases.later}/person/number", reason="case_work").text
    assert "Ni mtu yuleyule?" in browser.get("/candidates").text


def test_without_the_registry_the_pages_say_what_is_missing(night: Night, officer: Browser, cases: Cases) -> None:
    night.services["registry"].stop()
    try:
        for path in (f"/c/{cases.now}/person", "/candidates"):
            assert "Persons cannot be shown now." in officer.get(path).text, path
        assert officer.get(f"/candidates/{cases.probable}").status == 503
        officer.get(f"/c/{cases.now}")
        assert officer.post(f"/c/{cases.now}/person/number", reason="case_work").status == 503
    finally:
        night.services["registry"].start()


def test_no_address_and_no_log_has_a_name_or_a_number(night: Night, officer: Browser, cases: Cases) -> None:
    pages = [officer.get(each) for each in ("/candidates", f"/candidates/{cases.known}", f"/c/{cases.now}/person")]
    pages.append(officer.post(f"/c/{cases.now}/person/number", reason="case_work"))
    addresses = [each for page in pages for each in re.findall(r'(?:href|src|action)="([^"]*)"', page.text)]
    places = [each for each in addresses if not each.startswith("tel:")]
    assert places
    assert [each for each in places if any(secret in each for secret in SECRETS)] == []
    assert {title for page in pages for title in re.findall("<title>(.*?)</title>", page.text)} == {"Desk"}
    for name in ("console", "registry"):
        log = night.services[name].log.read_text()
        assert [each for each in (*SECRETS, "mwavuli") if each in log] == [], name
