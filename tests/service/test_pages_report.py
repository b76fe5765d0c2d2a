"""A report is taken by phone, tap by tap: with its urgency before it is sent, once, and nothing stored before."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.night import NAIROBI, Night
from tests.support.staff import PASSWORD, Browser, Page, invite, set_up

pytestmark = pytest.mark.thorough

CALL = (
    {"choice": "yes"}, {"choice": "self"}, {"choice": "disappearance"}, {"choice": "enforced_disappearance"}, {"choice": "yes"},
)  # fmt: skip
"""The taps up to the fourth question: she can talk, it is she, somebody was taken, and is still held."""
SCRIPT = "<script>alert(1)</script> They came at night."
LATER_PAGE = 15_000


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    running = Night(world).start()
    yield running
    running.stop()
    log = running.services["console"].log.read_text()
    assert not re.search(r"Wairimu|0700 000 41|They came at night|enforced_disappearance|NG-[0-9A-Z]{10}", log)


@pytest.fixture(scope="module")
def officer(night: Night) -> Browser:
    return night.person("intake-officer", name="amina")


def tap(browser: Browser, page: Page, /, **typed: str) -> Page:
    """Send the form of a page with what was tapped or typed."""
    answer = browser.post("/report", sealed=page.field("sealed"), question=page.field("question"), **typed)
    assert len(answer.text) <= LATER_PAGE
    assert "<title>Desk</title>" in answer.text
    return answer


def call(browser: Browser, *more: dict[str, str]) -> Page:
    """Take a call up to the fourth question, and answer these."""
    page = browser.get("/report")
    for typed in (*CALL, *more):
        page = tap(browser, page, **typed)
        assert page.status == 200, page.text
    return page


def urgency(page: Page) -> str:
    (found,) = re.findall(r'class="urgency (\w+)"', page.text)
    return str(found)


def sent_case(page: Page) -> str:
    """The reference of the case that a page says a report has made."""
    assert (page.status, "Report sent" in page.text) == (200, True), page.text
    (found,) = re.findall(r'href="/c/(NG-[0-9A-Z]+)"', page.text)
    return str(found)


def stored(night: Night, case: str) -> dict[str, Any]:
    status, body = night.ask("intake", "GET", f"/v1/cases/{case}/report?reason=case_work")
    assert status == 200, body
    return dict(body)


def test_a_critical_call_is_sent_in_seven_taps_and_its_urgency_was_shown_before(night: Night, officer: Browser) -> None:
    page = call(officer)
    assert "Who did it?" in page.text
    assert urgency(page) == "critical"
    foreseen = reasons(page)
    assert "Earlier reports may raise it." in page.text
    done = tap(officer, page, send="yes")
    report = stored(night, sent_case(done))
    assert (report["source_id"], report["urgency"], urgency(done)) == ("by-phone", "critical", "critical")
    assert [each["text"] for each in report["reasons"]] == foreseen
    assert "No partner is asked without her yes." in done.text


def reasons(page: Page) -> list[str]:
    return [html.unescape(each) for each in re.findall(r"<li>([^<]*)</li>", page.text)]


@pytest.mark.parametrize("at", range(12))
def test_the_urgency_that_is_shown_before_is_that_of_the_sent_report_of_a_person_without_history(
    night: Night, officer: Browser, at: int
) -> None:
    """Each call taps other buttons of those that the pages offer: other groups and acts, callers, times and perpetrators."""
    page, step = officer.get("/report"), 0
    while (question := page.field("question")) != "county":
        choices = re.findall(r'name="choice" value="([^"]+)"', page.text)
        choice = "yes" if question == "talk" else choices[at * (step + 1) % len(choices)]
        page, step = tap(officer, page, choice=choice), step + 1
    shown, why = urgency(page), reasons(page)
    report = stored(night, sent_case(tap(officer, page, send="yes")))
    assert (report["urgency"], [each["text"] for each in report["reasons"]]) == (shown, why)


def test_a_whole_call_is_checked_and_sent_and_who_took_it_is_in_the_audit_alone(night: Night, officer: Browser) -> None:
    page = call(
        officer, {"choice": "police"}, {"choice": NAIROBI}, {"need_legal_aid": "yes"}, {"choice": "yes"},
        {"choice": "yes", "opens": "18:00", "closes": "20:00", "others": "yes", "code_word": "mwezi"},
        {"name": "Invented Wairimu", "phone": "0700 000 411"}, {"text": SCRIPT},
    )  # fmt: skip
    assert "Check answers" in page.text
    assert SCRIPT not in page.text
    assert html.escape(SCRIPT) in page.text
    for shown in ("Police", "Nairobi City", "Legal aid", "Safe 18:00 to 20:00.", "Code word: mwezi.", "0700 000 411"):
        assert shown in page.text, shown
    assert "No partner is asked" not in page.text
    case = sent_case(tap(officer, page, send="yes"))
    report = stored(night, case)
    assert (report["county"], report["needs"], report["has_narrative"]) == (NAIROBI, ["legal_aid"], True)
    words = night.ask("intake", "GET", f"/v1/cases/{case}/narrative?reason=case_work")[1]["narrative"]
    assert words == SCRIPT
    eventually(lambda: night.ask("referral", "GET", f"/v1/cases/{case}")[0] == 200, what="referral to know the case")
    assert officer.get(f"/c/{case}").status == 200
    person = lambda: night.ask("registry", "GET", f"/v1/defenders?case_ref={case}&reason=case_work")  # noqa: E731
    eventually(lambda: person()[0] == 200, what="the registry to know the person")
    assert "Invented Wairimu" in str(person()[1])
    for each in night.services.values():
        assert not re.search(r"Wairimu|0700 000 411|They came at night|mwezi", each.log.read_text()), each.name


def test_a_form_that_is_sent_twice_makes_one_report(night: Night, officer: Browser) -> None:
    page = call(officer)
    first, again = (tap(officer, page, send="yes") for _ in range(2))
    assert sent_case(first) == sent_case(again)
    cases = night.ask("referral", "GET", "/v1/cases?limit=500")[1]["cases"]
    assert len([each for each in cases if each["case_ref"] == sent_case(first)]) <= 1


def test_who_changes_an_answer_after_it_was_sent_learns_what_has_arrived(officer: Browser) -> None:
    page = call(officer)
    sent_case(tap(officer, page, send="yes"))
    changed = tap(officer, page, choice="police", send="yes")
    assert (changed.status, "It has arrived as you sent it before" in changed.text) == (409, True)
    assert "source_event_id" not in changed.text
    assert "Police" in changed.text, "what was changed can be read, to be written as a note"


def test_what_was_not_asked_is_added_later_to_the_same_report(night: Night, officer: Browser) -> None:
    done = tap(officer, call(officer), send="yes")
    case = sent_case(done)
    page = tap(officer, done, go="who")
    for typed in ({"choice": "police"}, {"choice": NAIROBI}, {"skip": "yes"}, {"choice": "yes"}):
        page = tap(officer, page, **typed)
    assert "How may we reach her?" in page.text
    added = tap(officer, page, send="yes")
    assert sent_case(added) == case
    report = stored(night, case)
    assert (report["county"], [each["perpetrators"] for each in report["violations"]]) == (NAIROBI, [["police"]])
    assert sent_case(tap(officer, page, send="yes")) == case, "sent twice, it is added once"
    assert len(stored(night, case)["violations"]) == 1


def test_without_a_yes_no_partner_is_asked_and_the_case_waits_for_a_person(night: Night, officer: Browser) -> None:
    page = call(officer, {"choice": "police"}, {"choice": NAIROBI}, {"skip": "yes"}, {"choice": "unasked"})
    for _ in range(3):
        page = tap(officer, page, skip="yes")
    assert "No partner is asked without her yes. The case waits for a person, who decides." in page.text
    case = sent_case(tap(officer, page, send="yes"))

    def waits() -> bool:
        status, found = night.ask("referral", "GET", f"/v1/cases/{case}")
        return status == 200 and bool(found["needs"]) and {each["state"] for each in found["needs"]} == {"with_human"}

    eventually(waits, what="a person to be asked")
    assert night.ask("referral", "GET", f"/v1/cases/{case}")[1]["offers"] == []


def test_who_cannot_talk_is_asked_first_how_to_call_back_and_that_alone_can_be_sent(night: Night, officer: Browser) -> None:
    page = tap(officer, officer.get("/report"), choice="no")
    assert "How and when may we call back?" in page.text
    page = tap(officer, page, phone="0700 000 412", opens="18:00", closes="20:00", others="yes")
    assert "Who is calling?" in page.text
    report = stored(night, sent_case(tap(officer, page, send="yes")))
    assert [each["type"] for each in report["violations"]] == ["unclassified"]


def test_a_wrong_number_is_named_and_every_other_answer_stays(officer: Browser) -> None:
    page = call(officer, *({"skip": "yes"} for _ in range(5)))
    assert "Name and phone" in page.text
    wrong = tap(officer, page, name="Invented Wairimu", phone="her sister has it")
    assert (wrong.status, "Phone: this is not a phone number." in wrong.text) == (422, True)
    assert ('value="Invented Wairimu"' in wrong.text, 'aria-invalid="true"' in wrong.text) == (True, True)
    page = tap(officer, wrong, send="yes", name="Invented Wairimu", phone="her sister has it")
    assert page.status == 422, "another button sends no wrong number either"
    page = tap(officer, page, name="Invented Wairimu", phone="0700 000 413")
    assert "Enforced disappearance" in tap(officer, page, skip="yes").text


def test_answers_are_changed_one_by_one_before_they_are_sent(officer: Browser) -> None:
    page = tap(officer, call(officer), go="check")
    assert 'aria-label="Change: Which county?"' in page.text
    page = tap(officer, page, go="county")
    page = tap(officer, page, choice=NAIROBI)
    assert ("Check answers" in page.text, "Nairobi City" in page.text) == (True, True)
    assert urgency(page) == "critical"
    page = tap(officer, tap(officer, page, go="group"), choice="justice")
    assert "What exactly?" in page.text
    assert urgency(tap(officer, page, choice="unfair_trial")) != "critical"


@pytest.mark.parametrize("sealed", ["", "AAAA", "x" * 300])
def test_answers_that_do_not_open_send_nothing_and_show_what_was_typed(officer: Browser, sealed: str) -> None:
    officer.get("/report")
    for more in ({}, {"send": "yes"}):
        lost = officer.post("/report", sealed=sealed, question="words", text=SCRIPT, **more)
        assert (lost.status, "These answers cannot be opened." in lost.text) == (403, True)
        assert (html.escape(SCRIPT) in lost.text, SCRIPT in lost.text) == (True, False)


def test_another_person_opens_no_answers_and_the_same_one_looks_again_after_signing_in(night: Night, officer: Browser) -> None:
    console = night.services["console"]
    browser, again = Browser(console.port), Browser(console.port)
    secret, _ = set_up(browser, invite(console, night.world.operator_key, "baraka", "duty-officer"))
    page = call(browser)
    officer.get("/report")
    assert officer.post("/report", send="yes", sealed=page.field("sealed"), question="who").status == 403
    assert again.sign_in("baraka", secret, steps=1).leads_to == "/"
    again.get("/report")
    shown = tap(again, page, send="yes", choice="police")
    assert "You have signed in again since. Nothing was sent." in shown.text
    assert ("Enforced disappearance" in shown.text, "Police" in shown.text) == (True, True)
    assert sent_case(tap(again, shown, send="yes"))


@pytest.mark.parametrize(
    "typed",
    [
        {"choice": "everyone"},
        {"go": "nowhere"},
        {"go": "callback"},
        {"choice": "police", "question": "nothing"},
        {"question": "when"},
    ],
)
def test_what_no_page_offers_leads_nowhere(officer: Browser, typed: dict[str, str]) -> None:
    page = call(officer)
    answer = officer.post("/report", **{"sealed": page.field("sealed"), "question": "who", **typed})
    assert (answer.status, "Not found, or not yours to see." in answer.text) == (404, True)


def test_it_is_in_swahili_for_who_reads_swahili(night: Night) -> None:
    browser = night.person("caseworker")
    browser.get("/sign-in?lang=sw")
    page = browser.get("/report")
    for words in ("Je, anaweza kuzungumza kwa usalama sasa?", "Ndiyo", "Ripoti"):
        assert words in page.text, words
    for typed in CALL[:2]:
        page = tap(browser, page, **typed)
    assert "Ametekwa au hajulikani alipo" in page.text
    for typed in CALL[2:]:
        page = tap(browser, page, **typed)
    for words in ("Dharura", "ikitumwa sasa, kwa sababu:", "Tuma sasa, ongeza mengine baadaye", "Polisi"):
        assert words in page.text, words
    assert 'lang="en"' not in page.text, "every reason is in Swahili"


@pytest.mark.parametrize("role", ["hub-convenor", "data-officer"])
def test_who_lacks_the_scope_finds_no_such_page(night: Night, role: str) -> None:
    browser = night.person(role, hubs=(NAIROBI,))
    assert browser.get("/report").status == 404
    assert browser.post("/report", send="yes", sealed="x", question="talk").status == 404
    assert "/report" not in browser.get("/me").text


def test_while_intake_is_away_every_answer_stays_and_can_be_sent_when_it_is_back(night: Night, officer: Browser) -> None:
    page = call(officer)
    night.services["intake"].stop()
    try:
        away = tap(officer, page, choice="police")
        assert (away.status, "How urgent it would be cannot be shown now." in away.text) == (200, True)
        failed = tap(officer, away, send="yes")
        assert (failed.status, "No answer yet. Send again" in failed.text) == (503, True)
    finally:
        night.services["intake"].start()
    assert sent_case(tap(officer, failed, send="yes"))


def test_a_call_that_the_lock_interrupts_continues_with_what_was_half_typed(night: Night) -> None:
    browser = night.person("duty-officer")
    page = call(browser, *({"skip": "yes"} for _ in range(5)))
    fields = {"sealed": page.field("sealed"), "question": "person", "name": "Invented Wairimu"}
    drafts = json.dumps([{"action": "/report", "fields": list(fields.items())}])
    assert browser.post("/lock", back="/report", drafts=drafts).leads_to == "/unlock"
    browser.get("/unlock")
    assert browser.post("/unlock", password=PASSWORD).leads_to == "/report"
    page = browser.get("/report")
    assert "You were in the middle of this call." in page.text
    assert ("Name and phone" in page.text, 'value="Invented Wairimu"' in page.text) == (True, True)
    assert "Can she talk safely now?" in browser.get("/report?call=new").text
    assert browser.get("/report?call=old").status == 404
    page = tap(browser, page, name="Invented Wairimu", phone="0700 000 414", _kept=page.field("_kept"))
    assert "Enforced disappearance" in tap(browser, page, skip="yes").text
    assert "Can she talk safely now?" in browser.get("/report").text


def test_a_form_that_a_locked_screen_has_sent_is_kept_and_shows_no_cipher(night: Night) -> None:
    browser = night.person("duty-officer")
    page = call(browser)
    browser.post("/lock", back="/report")
    kept = browser.post("/report", sealed=page.field("sealed"), question="who", choice="police")
    assert (kept.status, "Your text is kept." in kept.text) == (403, True)
    browser.get("/unlock")
    assert browser.post("/unlock", password=PASSWORD).leads_to == "/kept"
    shown = browser.get("/kept")
    assert "<textarea" not in shown.text
    sealed = {name: shown.field(name) for name in ("sealed", "question", "choice", "_kept")}
    assert "Which county?" in browser.post("/report", **sealed).text
