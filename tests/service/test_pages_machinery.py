"""The pages of the machinery, with the real services behind them: what is set aside, what waits for a person, what is sent."""

from __future__ import annotations

import http.client
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from ngao.chassis.security.staff_tokens import Staff, StaffIssuer
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.intake import AmqpSource, report
from tests.support.night import NAIROBI, SECRET_WORDS, Night
from tests.support.staff import Browser, Page

pytestmark = pytest.mark.thorough

KEEPER, OFFICER, APPROVER, ADMINISTRATOR = "custodian", "duty-officer", "approver", "administrator"
LEAVER = "the-leaver"
FORM = {"person_name": SECRET_WORDS}


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    """The services as one person runs them, then with acts of two people where people are signed in already."""
    started = Night(world).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def case(night: Night) -> str:
    """A critical case, reported by a source that was onboarded before acts need two people."""
    return night.report(NAIROBI)


@pytest.fixture(scope="module")
def people(night: Night, case: str) -> dict[str, Browser]:
    """One person of each role, signed in. All are invited before acts need two people."""
    assert case
    signed_in = {role: night.person(role, name=f"the-{role}") for role in (KEEPER, OFFICER, APPROVER, ADMINISTRATOR)}
    night.person(ADMINISTRATOR, name=LEAVER)
    for name in ("intake", "console"):
        _needs_two(night.services[name])
    return signed_in


@pytest.fixture
def parked(night: Night, world: World, people: dict[str, Browser]) -> Iterator[tuple[AmqpSource, str]]:
    """A report of a source that is not known yet: set aside at intake."""
    assert people
    source = AmqpSource(world, f"late-{secrets.token_hex(3)}")
    before = {each["id"] for each in _parked(night)}
    source.post(report())
    new = eventually(lambda: [each["id"] for each in _parked(night) if each["id"] not in before], what="it to be set aside")
    yield source, new[0]
    source.close()


@pytest.fixture(scope="module")
def held(night: Night, world: World, people: dict[str, Browser]) -> str:
    """A form that its source's profile cannot read."""
    assert people
    name = f"form-{secrets.token_hex(3)}"
    key = onboard_first(night, world, name)
    status, answer = night.services["intake"].request("POST", f"/v1/inbound/{name}", FORM, key)
    assert (status, answer["quarantined"]) == (202, True), answer
    return str(answer["quarantine_id"])


def onboard_first(night: Night, world: World, name: str) -> str:
    """Onboard a source while acts need two people: asked by the operator of the tests, approved by the approver."""
    intake = night.services["intake"]
    asked = night.ask("intake", "PUT", f"/v1/sources/{name}", {"profile": "kobo"})
    if asked[0] == 200:
        return str(asked[1]["key"])
    token = _as(world, "another", APPROVER, "intake", "approvals:write")
    assert intake.request("POST", f"/v1/approvals/{asked[1]['id']}/approve", None, token)[0] == 200
    return str(night.ask("intake", "POST", f"/v1/approvals/{asked[1]['id']}/result")[1]["key"])


def _needs_two(service: ServiceProcess) -> None:
    service.stop()
    service.settings.write_text(service.settings.read_text().replace('mode = "single"', 'mode = "two"'))
    service.start()


def _as(world: World, name: str, role: str, service: str, scope: str) -> str:
    """A token of a person with this role, as the console's pages use it."""
    issuer = StaffIssuer(world.directory / "keys" / "console", world.directory / "keys" / "public")
    return issuer.token(Staff(name, (role,)), service, [scope])


def _parked(night: Night) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = night.ask("intake", "GET", "/v1/parked")[1]["parked"]
    return found


def _newest(night: Night, service: str, operation: str) -> str:
    """The page of the newest request for an operation."""
    listed = night.ask(service, "GET", "/v1/approvals")[1]["approvals"]
    return f"/approvals/{service}/{next(each['id'] for each in listed if each['operation'] == operation)}"


def _content(page: Page) -> str:
    """What the page itself shows, without the frame, which has forms to leave and to lock."""
    return page.text.partition("<main")[2].partition("</main>")[0]


def _is_refused(browser: Browser, path: str) -> bool:
    """Whether a page is one that does not exist, for this person."""
    found, unknown = browser.get(path), browser.get("/c/NG-0000000000")
    return (found.status, found.timeless) == (404, unknown.timeless)


def test_a_message_set_aside_is_replayed_once_its_cause_is_fixed(
    night: Night, world: World, people: dict[str, Browser], parked: tuple[AmqpSource, str]
) -> None:
    (source, parked_id), keeper = parked, people[KEEPER]
    page = keeper.get("/parked")
    assert f'href="/parked/intake/{parked_id}"' in page.text
    assert "Its sender is not known here, or is switched off." in page.text
    assert not [each for each in (SECRET_WORDS, "0700 000 123", "Wanjiku") if each in page.text]
    one = keeper.get(f"/parked/intake/{parked_id}")
    assert "waits for a decision" in one.text
    onboard_first(night, world, source.id)
    assert keeper.post(f"/parked/intake/{parked_id}/replay", reason="cause_fixed").leads_to == "/parked"
    assert parked_id not in keeper.get("/parked").text
    assert "was sent again" in keeper.get(f"/parked/intake/{parked_id}").text
    again = keeper.post(f"/parked/intake/{parked_id}/replay", reason="cause_fixed")
    assert (again.status, "not parked" in again.text) == (409, True)


def test_what_is_dropped_is_approved_by_a_second_person(
    night: Night, people: dict[str, Browser], parked: tuple[AmqpSource, str]
) -> None:
    (_, parked_id), keeper, approver = parked, people[KEEPER], people[APPROVER]
    keeper.get(f"/parked/intake/{parked_id}")
    asked = keeper.post(f"/parked/intake/{parked_id}/drop", reason="of_no_use")
    assert (asked.status, "A second person must approve this." in asked.text) == (202, True)
    assert f'href="/parked/intake/{parked_id}"' in keeper.get("/parked").text, "nothing has happened yet"
    assert 'href="/approvals"' not in asked.text, "the custodian may not read approvals"
    page = approver.get("/approvals")
    assert "Drop a message that was set aside" in page.text
    assert "asked by the-custodian" in page.text
    path = _newest(night, "intake", "dropParked")
    assert f'href="{path}"' in page.text
    one = approver.get(path)
    assert (parked_id in one.text, "it is of no use" in one.text, "Withdraw" in one.text) == (True, True, False)
    assert "of_no_use" not in one.text
    assert approver.post(f"{path}/approve").leads_to == "/approvals"
    assert path not in approver.get("/approvals").text
    assert parked_id not in keeper.get("/parked").text
    late = approver.post(f"{path}/reject", reason="mistake")
    assert (late.status, "executed, not waiting" in late.text) == (409, True)


def test_who_asked_may_not_approve_and_takes_the_answer_once(night: Night, world: World, people: dict[str, Browser]) -> None:
    asker, approver = people[ADMINISTRATOR], people[APPROVER]
    token = _as(world, f"the-{ADMINISTRATOR}", ADMINISTRATOR, "console", "staff:write")
    body = {"id": "the-new-one", "roles": ["watch"]}
    assert night.services["console"].request("POST", "/v1/accounts", body, token)[0] == 202
    own = asker.get("/approvals")
    assert "You asked for this. Another person must approve it." in own.text
    path = _newest(night, "console", "invitePerson")
    assert f'href="{path}"' in own.text
    assert "/approve" not in asker.get(path).text
    assert asker.post(f"{path}/approve").status == 404, "an administrator approves nothing"
    page = approver.get(path)
    for words in ("Invite a person", "the-new-one", "<dd>Watch</dd>"):
        assert words in page.text, words
    assert approver.post(f"{path}/approve").leads_to == "/approvals"
    assert "Approved for you" in asker.get("/approvals").text
    assert "Approved for you" not in approver.get("/approvals").text
    taken = asker.post(f"{path}/result")
    code = re.findall(r"<code[^>]*>([^<]+)</code>", taken.text)
    assert (taken.status, len(code)) == (200, 1)
    again = asker.post(f"{path}/result")
    assert (again.status, code[0] in again.text) == (409, False)
    assert code[0] not in night.services["console"].log.read_text()


def test_a_request_is_rejected_with_a_reason(night: Night, people: dict[str, Browser]) -> None:
    approver = people[APPROVER]
    assert night.ask("console", "POST", "/v1/accounts", {"id": "the-refused", "roles": ["watch"]})[0] == 202
    path = _newest(night, "console", "invitePerson")
    approver.get(path)
    assert approver.post(f"{path}/reject", reason="anything else").status == 404
    assert approver.post(f"{path}/reject", reason="not_agreed").leads_to == "/approvals"
    assert path not in approver.get("/approvals").text
    assert "was rejected" in approver.get(path).text


def test_what_a_person_asked_for_whose_account_was_closed_is_rejected_and_never_done(
    night: Night, world: World, people: dict[str, Browser]
) -> None:
    approver, token = people[APPROVER], _as(world, LEAVER, ADMINISTRATOR, "console", "staff:write")
    body = {"id": "the-unwanted", "roles": ["watch"]}
    assert night.services["console"].request("POST", "/v1/accounts", body, token)[0] == 202
    path = _newest(night, "console", "invitePerson")
    assert "/approve" in approver.get(path).text
    assert night.ask("console", "POST", f"/v1/accounts/{LEAVER}/close", {"reason": "left the coalition"})[0] == 200
    said = "The account of the person who asked for this is closed. It can only be rejected."
    page = approver.get(path)
    assert (said in page.text, "/approve" in page.text) == (True, False)
    refused = approver.post(f"{path}/approve")
    assert (refused.status, said in refused.text) == (409, True)
    assert approver.post(f"{path}/reject", reason="not_known").leads_to == "/approvals"
    assert "the-unwanted" not in {each["id"] for each in night.ask("console", "GET", "/v1/accounts")[1]["accounts"]}


def test_a_form_that_could_not_be_read_is_looked_at_and_dismissed_by_two(
    night: Night, people: dict[str, Browser], held: str
) -> None:
    officer, approver = people[OFFICER], people[APPROVER]
    page = officer.get("/quarantine")
    assert f'href="/quarantine/{held}"' in page.text
    one = officer.get(f"/quarantine/{held}")
    assert SECRET_WORDS not in page.text + one.text
    still = officer.post(f"/quarantine/{held}/replay", reason="try_again")
    assert (still.status, SECRET_WORDS in still.text) == (409, False)
    assert officer.post(f"/quarantine/{held}/dismiss", reason="a_test").status == 202
    path = _newest(night, "intake", "dismissHeld")
    assert "Destroy a form that could not be read" in approver.get(path).text
    approver.post(f"{path}/approve")
    assert held not in officer.get("/quarantine").text
    assert "It was dismissed." in officer.get(f"/quarantine/{held}").text


def test_a_message_leads_to_its_case_and_two_taps_confirm_it(night: Night, people: dict[str, Browser], case: str) -> None:
    officer = people[OFFICER]
    told = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    reference = next(each["reference"] for each in told if each["ladder"])
    link = officer.get(f"/m/{reference}")
    assert (link.status, link.leads_to) == (303, f"/c/{case}")
    assert officer.get(f"/m/{reference.lower()}").leads_to == f"/c/{case}"
    assert f'action="/c/{case}/seen"' in officer.get(link.leads_to).text
    assert officer.post(f"/c/{case}/seen").leads_to == f"/c/{case}"
    assert "Not seen" not in officer.get(f"/c/{case}").text


def test_a_reference_that_is_unknown_or_not_ones_own_leads_nowhere(night: Night, people: dict[str, Browser], case: str) -> None:
    told = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    for name in (KEEPER, ADMINISTRATOR):
        assert _is_refused(people[name], f"/m/{told[0]['reference']}")
    for path in ("/m/0000-0000", "/m/anything", "/messages/anything"):
        assert _is_refused(people[OFFICER], path)


def test_a_link_from_a_mail_asks_the_browser_to_come_again_and_shows_nothing(night: Night, case: str) -> None:
    told = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    path, stranger = f"/m/{told[0]['reference']}", Browser(night.services["console"].port)
    assert stranger.get(path).leads_to == "/sign-in"
    page = _from_elsewhere(stranger, path)
    assert (page.status, '<meta http-equiv="refresh" content="0">' in page.text, case in page.text) == (200, True, False)


def _from_elsewhere(browser: Browser, path: str) -> Page:
    """Open a page as a browser does from another site: without the cookie, and saying so."""
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=30)
    connection.request("GET", path, headers={"Sec-Fetch-Site": "cross-site"})
    answer = connection.getresponse()
    page = Page(answer.status, answer.read().decode(), answer.headers)
    connection.close()
    return page


def test_messages_say_to_whom_by_what_and_whether_it_arrived(night: Night, people: dict[str, Browser], case: str) -> None:
    officer = people[OFFICER]
    told = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    page = officer.get("/messages")
    shown = (told[0]["reference"], f'href="/c/{case}"', "to the person on duty", "Notify has no address for this recipient.")
    for words in shown:
        assert words in page.text, words
    one = officer.get(f"/messages/{told[0]['message_id']}")
    assert (one.status, "What was tried" in one.text) == (200, True)
    assert SECRET_WORDS not in page.text + one.text
    assert told[0]["reference"] in officer.get(f"/messages?case={case}").text
    assert case not in officer.get("/messages?state=covered").text
    for address in ("/messages?state=lost", "/messages?to=amina", "/messages?reference=x"):
        assert officer.get(address).status == 404, address


def test_sources_are_shown_and_changed_elsewhere(night: Night, people: dict[str, Browser], held: str) -> None:
    assert held
    officer = people[OFFICER]
    source = night.ask("intake", "GET", "/v1/sources")[1]["sources"][-1]["source_id"]
    page = officer.get("/sources")
    assert f'href="/sources/{source}"' in page.text
    one = officer.get(f"/sources/{source}")
    assert ("may post" in one.text, "bin/ngao source" in one.text, "<form" in _content(one)) == (True, True, False)
    assert _is_refused(officer, "/sources/no-such-source")


def test_the_system_says_what_is_wrong_before_what_works(night: Night, people: dict[str, Browser]) -> None:
    page = people[OFFICER].get("/system").text
    assert "Alarms reach nobody: no person on duty has an address." in page
    assert page.index("Alarms reach nobody") < page.index("Not every store has been backed up yet.")
    assert page.index("Not every store has been backed up yet.") < page.index("Reports are being taken.")
    night.services["referral"].stop()
    try:
        page = people[OFFICER].get("/system").text
        assert page.index("Cases and partners: no answer.") < page.index("Alarms reach nobody")
        assert "Cases and partners: whether messages are set aside cannot be shown now." in page
    finally:
        night.services["referral"].start()
    assert "no answer" not in people[OFFICER].get("/system").text


def test_a_service_that_is_stopped_is_named_and_the_rest_is_shown(night: Night, people: dict[str, Browser]) -> None:
    stopped = {"notify": ("Messages", "/messages"), "intake": ("Reports", "/sources")}
    for name, (words, own) in stopped.items():
        night.services[name].stop()
        try:
            for browser, path in ((KEEPER, "/parked"), (APPROVER, "/approvals"), (OFFICER, own)):
                page = people[browser].get(path)
                assert (page.status, f"{words}: this part does not answer." in page.text) == (200, True), path
                assert page.text.count("this part does not answer") == 1, path
        finally:
            night.services[name].start()


def test_who_lacks_the_scope_finds_no_such_page(people: dict[str, Browser]) -> None:
    hidden = {
        APPROVER: ("/parked", "/sources", "/system", "/messages", "/quarantine"),
        KEEPER: ("/approvals", "/messages", "/quarantine", "/sources"),
        ADMINISTRATOR: ("/parked", "/messages"),
    }
    for role, paths in hidden.items():
        for path in paths:
            assert _is_refused(people[role], path), (role, path)
    assert _is_refused(people[KEEPER], "/parked/nowhere/p1")
    assert "<form" not in _content(people[OFFICER].get("/parked"))


def test_who_may_only_look_decides_nothing(people: dict[str, Browser], parked: tuple[AmqpSource, str]) -> None:
    officer, path = people[OFFICER], f"/parked/intake/{parked[1]}"
    assert "<form" not in _content(officer.get(path))
    assert officer.post(f"{path}/replay", reason="try_again").status == 404
    assert officer.post(f"{path}/drop", reason="of_no_use").status == 404


def test_the_pages_are_in_swahili_for_who_reads_swahili(people: dict[str, Browser], parked: tuple[AmqpSource, str]) -> None:
    keeper, officer = people[KEEPER], people[OFFICER]
    for browser in (keeper, officer):
        browser.get("/sign-in?lang=sw")
    try:
        assert "Mtumaji wake hajulikani hapa, au amezimwa." in keeper.get("/parked").text
        assert "umewekwa kando" in officer.get("/system").text
        assert "Vyanzo" in officer.get("/sources").text
        assert "kwa aliye zamu" in officer.get("/messages").text
        assert "Zisizosomeka" in officer.get("/quarantine").text
        assert "Kinachosubiri idhini" in officer.get("/approvals").text
    finally:
        for browser in (keeper, officer):
            browser.get("/sign-in?lang=en")


def test_nothing_about_a_person_or_a_case_is_in_the_consoles_log(night: Night, case: str) -> None:
    log = night.services["console"].log.read_text()
    assert SECRET_WORDS not in log
    assert case not in log
