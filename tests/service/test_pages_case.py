"""The page of a case and those below it, with the real services behind them: what is read and done, and what is on record."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from html import unescape
from typing import Any

import pymongo
import pytest

from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.night import MOMBASA, SECRET_WORDS, Night
from tests.support.staff import Browser, Page

pytestmark = pytest.mark.thorough

STORY = "Invented words of the person who called."
NOTE = "Her sister answers & calls back at six."


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def case(night: Night) -> str:
    """A critical case with a narrative."""
    return night.report(MOMBASA, narrative=STORY)


@pytest.fixture(scope="module")
def officer(night: Night) -> Browser:
    return night.person("duty-officer", name="amina")


def notes_of(night: Night, case: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = night.ask("intake", "GET", f"/v1/cases/{case}/notes?reason=case_work")[1]["notes"]
    return listed


def content(page: Page) -> str:
    """What a page shows between the menu and the bar below."""
    return page.text.partition("<main")[2].partition("</main>")[0]


def audited(night: Night, service: str, action: str) -> int:
    """How often an act is on record at a service."""
    client: Any = pymongo.MongoClient(night.world.parts.mongo)
    try:
        return on_record(client[night.world.database(service)]).count_documents({"action": action})
    finally:
        client.close()


def test_a_case_shows_the_ways_to_everything_that_the_person_may_open(officer: Browser, case: str) -> None:
    page = officer.get(f"/c/{case}")
    assert page.status == 200
    for below in ("story", "offers", "notes", "messages", "narrative"):
        assert f'href="/c/{case}/{below}"' in page.text, below
        assert officer.get(f"/c/{case}/{below}").status == 200, below


def test_a_note_is_written_once_however_often_its_form_is_sent(night: Night, officer: Browser, case: str) -> None:
    page = officer.get(f"/c/{case}/notes")
    act = page.field("act")
    for _ in range(2):
        assert officer.post(f"/c/{case}/notes", act=act, text=NOTE).leads_to == f"/c/{case}/notes"
    written = [each["text"] for each in notes_of(night, case)]
    assert written.count(NOTE) == 1
    shown = officer.get(f"/c/{case}/notes")
    assert NOTE in unescape(shown.text)
    assert shown.field("act") != act
    assert f"Notes {len(written)}" in officer.get(f"/c/{case}").text


def test_a_text_that_is_not_saved_comes_back(night: Night, officer: Browser, case: str) -> None:
    act = officer.get(f"/c/{case}/notes").field("act")
    officer.post(f"/c/{case}/notes", act=act, text="The first words.")
    again = officer.post(f"/c/{case}/notes", act=act, text="Other words <b>.")
    assert (again.status, "Send it again to save this text as another note." in again.text) == (409, True)
    assert "Other words &lt;b&gt;.</textarea>" in again.text
    assert officer.post(f"/c/{case}/notes", act=again.field("act"), text="Other words <b>.").status == 303
    long = officer.post(f"/c/{case}/notes", act=secrets.token_hex(16), text="x" * 4001)
    assert (long.status, "x" * 4001 in long.text) == (422, True)
    night.services["intake"].stop()
    try:
        lost = officer.post(f"/c/{case}/notes", act=act, text="While it was away.")
        assert (lost.status, "While it was away.</textarea>" in lost.text, lost.field("act")) == (503, True, act)
    finally:
        night.services["intake"].start()


def test_a_correction_names_the_note_and_both_stay(night: Night, officer: Browser, case: str) -> None:
    for text, corrects in (("At six.", ""), ("At seven, not at six.", "1")):
        act = officer.get(f"/c/{case}/notes").field("act")
        officer.post(f"/c/{case}/notes", act=act, text=text, corrects=corrects)
    assert "corrects note 1" in officer.get(f"/c/{case}/notes").text
    assert notes_of(night, case)[-1]["corrects"] == 1


def test_a_flag_is_set_by_its_label_and_one_who_has_not_seen_the_last_change_learns_whose_it_was(
    night: Night, officer: Browser, case: str
) -> None:
    other = night.person("caseworker", name="juma")
    seen = other.get(f"/c/{case}/notes").field("revision")
    officer.get(f"/c/{case}/notes")
    flag = {"flag": "do_not_visit", "set": "yes", "revision": seen}
    assert officer.post(f"/c/{case}/flags", **flag).leads_to == f"/c/{case}/notes"
    assert "Do not visit: a visit puts her at risk" in officer.get(f"/c/{case}").text
    refused = other.post(f"/c/{case}/flags", flag="do_not_call", set="yes", revision=seen)
    assert (refused.status, bool(re.search(r"amina changed this at \d\d:\d\d\. Look again\.", refused.text))) == (409, True)
    other.get("/more?lang=sw")
    assert "Usimtembelee" in other.get(f"/c/{case}").text
    fresh = other.get(f"/c/{case}/notes").field("revision")
    other.post(f"/c/{case}/flags", flag="do_not_visit", set="no", revision=fresh)
    assert "Do not visit" not in officer.get(f"/c/{case}").text


def test_the_narrative_needs_a_reason_of_the_role_and_each_reading_is_on_record(
    night: Night, officer: Browser, case: str
) -> None:
    asked = officer.get(f"/c/{case}/narrative")
    assert STORY not in asked.text
    offered = set(re.findall(r'<option value="(\w+)"', asked.text))
    assert offered == {"safety_check", "candidate_review", "case_work", "correction"}
    before = audited(night, "intake", "narrative.read")
    for wrong in ("", "curiosity", "data_subject_request"):
        assert officer.post(f"/c/{case}/narrative", reason=wrong).status == 404
    read = officer.post(f"/c/{case}/narrative", reason="safety_check")
    assert (read.status, STORY in read.text) == (200, True)
    assert audited(night, "intake", "narrative.read") == before + 1


def test_offers_say_why_nobody_else_is_asked(officer: Browser, case: str) -> None:
    page = officer.get(f"/c/{case}/offers")
    assert page.status == 200
    for words in ("No partner has been asked yet.", "Who could be asked now", "Why not others (0)"):
        assert words in page.text, words


def test_messages_are_listed_without_an_address(officer: Browser, case: str) -> None:
    page = officer.get(f"/c/{case}/messages")
    assert (page.status, "Please look now" in page.text, "@" in page.text) == (200, True, False)


def test_an_urgency_is_decided_for_a_reason_of_policy_and_the_case_says_so_in_both_languages(
    night: Night, officer: Browser
) -> None:
    case = night.report(MOMBASA)
    officer.get(f"/c/{case}")
    assert officer.post(f"/c/{case}/urgency", urgency="high", reason="because").status == 404
    assert officer.post(f"/c/{case}/urgency", urgency="high", reason="danger_is_over").leads_to == f"/c/{case}"
    eventually(lambda: night.ask("referral", "GET", f"/v1/cases/{case}")[1]["urgency"] == "high", what="referral to know it")
    assert "A duty officer has made sure that the danger is over for now." in officer.get(f"/c/{case}").text
    officer.get("/more?lang=sw")
    swahili = officer.get(f"/c/{case}").text
    officer.get("/more?lang=en")
    assert "Afisa wa zamu amehakikisha kwamba hatari imepita kwa sasa." in swahili
    assert "Mtu amechukuliwa na bado anashikiliwa au hajulikani alipo." in swahili
    assert not re.search(r'<li><span lang="en">', swahili), "every reason is in the reader's language"


def test_a_case_is_handed_to_a_named_person_and_who_saw_another_owner_learns_who_it_is(night: Night, officer: Browser) -> None:
    case = night.report(MOMBASA)
    night.person("caseworker", name="wanjiru")
    night.person("auditor", name="otieno")
    page = officer.get(f"/c/{case}")
    assert "<option>wanjiru</option>" in page.text
    assert "otieno" not in page.text
    assert officer.post(f"/c/{case}/owner", owner="wanjiru", seen_owner="").leads_to == f"/c/{case}"
    assert "Owner: wanjiru" in officer.get(f"/c/{case}").text
    refused = officer.post(f"/c/{case}/owner", seen_owner="")
    assert (refused.status, bool(re.search(r"wanjiru changed this at \d\d:\d\d\.", refused.text))) == (409, True)
    assert officer.post(f"/c/{case}/owner", owner="../x", seen_owner="wanjiru").status == 404


def test_paper_needs_a_reason_has_no_word_of_the_person_and_is_on_record_here(night: Night, officer: Browser, case: str) -> None:
    officer.get(f"/c/{case}")
    assert officer.get(f"/c/{case}/print").status == 405
    assert officer.post(f"/c/{case}/print", reason="curiosity").status == 404
    before = audited(night, "console", "case.printed")
    page = officer.post(f"/c/{case}/print", reason="case_work")
    assert (page.status, "Enforced disappearance" in page.text) == (200, True)
    assert not [words for words in (SECRET_WORDS, STORY, NOTE, "sister") if words in page.text]
    assert audited(night, "console", "case.printed") == before + 1


def test_who_may_do_less_sees_less_and_is_refused_what_is_not_shown(night: Night, case: str) -> None:
    convenor, auditor = night.person("hub-convenor", hubs=(MOMBASA,)), night.person("auditor")
    page = convenor.get(f"/c/{case}")
    assert f"/c/{case}/narrative" not in page.text
    notes = convenor.get(f"/c/{case}/notes")
    assert (notes.status, "<textarea" in notes.text, "sister" in notes.text, "Flags" in notes.text) == (200, False, False, True)
    assert convenor.post(f"/c/{case}/notes", act=secrets.token_hex(16), text="x").status == 404
    assert convenor.post(f"/c/{case}/narrative", reason="case_work").status == 404
    page = auditor.get(f"/c/{case}")
    assert (page.status, "<form method" in content(page), "What happened" in page.text) == (200, False, False)
    assert auditor.get(f"/c/{case}/notes").status == 404
    assert auditor.post(f"/c/{case}/urgency", urgency="low", reason="danger_is_over").status == 404


def test_below_a_case_that_is_not_the_persons_nothing_exists(night: Night, case: str) -> None:
    stranger = night.person("hub-convenor", hubs=("KE-30",))
    for below in ("", "/story", "/offers", "/notes"):
        hidden, unknown = stranger.get(f"/c/{case}{below}"), stranger.get(f"/c/NG-0000000000{below}")
        assert (hidden.status, hidden.timeless) == (404, unknown.timeless), below


def test_the_bar_of_a_phone_has_at_most_four_entries_and_more_has_the_rest(night: Night, officer: Browser) -> None:
    for person in (officer, night.person("custodian"), night.person("administrator")):
        page = person.get("/more")
        bar = re.findall(r'<a href="([^"]+)"', page.text.partition('class="bar-below"')[2].partition("</nav>")[0])
        assert (len(bar) <= 4, bar[-1]) == (True, "/more")
        assert {"/me", "/help/safety"} <= set(re.findall(r'href="([^"]+)"', page.text))
    assert re.findall(r'<a href="([^"]+)"', officer.get("/more").text.partition('class="bar-below"')[2])[0] == "/"


def test_what_leave_cannot_hide_is_there_for_everyone_in_both_languages(night: Night, officer: Browser) -> None:
    stranger = Browser(night.services["console"].port)
    for browser in (stranger, officer):
        assert "What remains on this device" in browser.get("/help/safety?lang=en").text
    assert "Kinachobaki kwenye kifaa hiki" in stranger.get("/help/safety?lang=sw").text


def test_no_word_of_a_note_or_of_the_narrative_is_in_a_log_or_in_the_consoles_store(night: Night, case: str) -> None:
    key = {"act": secrets.token_hex(16), "text": "Her sister."}
    assert night.ask("intake", "POST", f"/v1/cases/{case}/notes", key)[0] == 200
    for service in night.services.values():
        log = service.log.read_text()
        assert not [words for words in (STORY, "sister", SECRET_WORDS) if words in log]
