"""Pages of the network and of the record, with the real services behind them: what each shows, does and refuses."""

from __future__ import annotations

import re
import secrets
import tempfile
from base64 import b64encode
from collections.abc import Iterator

import pytest

from ngao.testing.processes import ServiceProcess, World
from tests.support.night import MOMBASA, NAIROBI, SECRET_WORDS, Night
from tests.support.staff import Browser, set_up

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def officer(night: Night) -> Browser:
    return night.person("duty-officer", name="officer")


@pytest.fixture(scope="module")
def admin(night: Night) -> Browser:
    return night.person("administrator", name="admin")


@pytest.fixture(scope="module")
def watcher(night: Night) -> Browser:
    return night.person("watch", name="watcher")


@pytest.fixture
def partner(night: Night) -> str:
    """A partner that operators have vetted, with hours, in a county of its own."""
    name = f"haki-{secrets.token_hex(3)}"
    key = b64encode(secrets.token_bytes(32)).decode()
    body = {
        "name": "Haki Legal (invented)", "support_types": ["legal_aid"], "counties": ["KE-39"], "languages": ["sw"],
        "capacity": 3, "public_key": key, "vetted": True, "hours": [{"opens": "08:00", "closes": "24:00", "days": ["mon"]}],
    }  # fmt: skip
    status, made = night.ask("referral", "PUT", f"/v1/partners/{name}", body)
    assert status == 201, made
    return name


def owner_of(night: Night, case: str) -> str | None:
    found: str | None = night.ask("referral", "GET", f"/v1/cases/{case}")[1]["owner"]
    return found


def shown(browser: Browser, path: str) -> dict[str, str]:
    """The hidden fields of the cases that a page offers to hand over."""
    page = browser.get(path)
    assert page.status == 200, page.text
    return dict(re.findall(r'name="((?:case|county)-[^"]+)" value="([^"]*)"', page.text))


# --- handing over


def test_all_that_are_mine_go_to_one_person_and_what_changed_meanwhile_is_named(night: Night, officer: Browser) -> None:
    kept, changed, loose = (night.report() for _ in range(3))
    for case in (kept, changed):
        assert officer.post(f"/c/{case}/owner", seen_owner=officer.get(f"/c/{case}").field("seen_owner")).status == 303
    second = night.person("duty-officer", name="second")
    fields = shown(officer, "/handover")
    assert (fields[f"case-{kept}"], fields[f"case-{loose}"]) == ("officer", "")
    assert "</option>" in officer.get("/handover").text
    second.get(f"/c/{changed}")
    assert second.post(f"/c/{changed}/owner", seen_owner="officer").status == 303
    answer = officer.post("/handover", to="second", only="all", **fields)
    assert answer.status == 200
    assert f"{kept}</a>: second owns it now." in answer.text
    assert f"{loose}</a>" not in answer.text
    assert [owner_of(night, each) for each in (kept, changed, loose)] == ["second", "second", None]
    third = night.person("caseworker", name="third")
    late = officer.post("/handover", to="third", only="all", **fields)
    assert (late.status, late.text.count("The owner is second now."), "Not handed over." in late.text) == (409, 2, True)
    assert third.get("/handover").text.count("Hand over, ") >= 1


def test_a_case_without_an_owner_is_given_with_one_button(night: Night, officer: Browser) -> None:
    case = night.report()
    fields = shown(officer, "/handover")
    assert officer.post("/handover", to="admin", only=case, **fields).status == 404, "an administrator owns no case"
    assert officer.post("/handover", to="grace-of-no-account", only=case, **fields).status == 404
    night.person("caseworker", name="worker")
    assert f"{case}</a>: worker owns it now." in officer.post("/handover", to="worker", only=case, **fields).text
    assert owner_of(night, case) == "worker"


def test_a_convenor_is_given_no_case_of_another_hub(night: Night, officer: Browser) -> None:
    here, elsewhere = night.report(MOMBASA), night.report(NAIROBI)
    night.person("hub-convenor", hubs=(MOMBASA,), name="asha")
    fields = shown(officer, "/handover")
    assert officer.post("/handover", to="asha", only=here, **fields).status == 200
    refused = officer.post("/handover", to="asha", only=elsewhere, **fields)
    assert (refused.status, "It is in no county of asha." in refused.text) == (409, True)
    assert [owner_of(night, each) for each in (here, elsewhere)] == ["asha", None]


def test_the_end_of_a_shift_says_how_much_else_waits(night: Night, officer: Browser) -> None:
    night.report()
    text = officer.get("/handover").text
    assert re.search(r"\d+ cases? ha(?:s|ve) an alarm that no one has seen\.", text)
    assert "0 acts wait for a second person." in text
    assert re.search(r"\d+ cases? may be of", text)
    assert SECRET_WORDS not in text


def test_who_only_reads_hands_nothing_over(watcher: Browser) -> None:
    page = watcher.get("/handover")
    assert (page.status, 'name="only"' in page.text) == (200, False)
    assert "wait for a second person" not in page.text
    assert watcher.post("/handover", to="officer", only="all").status == 404


def test_without_referral_the_page_names_what_is_missing(night: Night, officer: Browser) -> None:
    night.person("caseworker", name="stand-in")
    fields = {**shown(officer, "/handover"), "case-NG-1": "officer"}
    night.services["referral"].stop()
    try:
        page = officer.get("/handover")
        assert (page.status, "Cases and partners cannot be shown now." in page.text) == (200, True)
        failed = officer.post("/handover", to="stand-in", only="all", **fields)
        assert (failed.status, "A part of the platform does not answer." in failed.text) == (503, True)
    finally:
        night.services["referral"].start()


# --- roster


def test_a_gap_of_the_roster_is_named_and_an_administrator_fills_it(night: Night, admin: Browser, watcher: Browser) -> None:
    for person in ("deputy", "coordinator"):
        assert night.ask("notify", "PUT", f"/v1/roster/duty-officers/{person}", {"email": f"{person}@example.org"})[0] == 200
    page = watcher.get("/roster")
    assert "duty-officer has no address." in page.text
    assert ("d…@….org" in page.text, "@example.org" in page.text, "/roster/fill" in page.text) == (True, False, False)
    assert "Next, if no one has confirmed after 10 min" in page.text
    admin.get("/roster")
    wrong = admin.post("/roster/fill", person="duty-officer", email="nowhere", language="sw")
    assert (wrong.status, "This is not an e-mail address." in wrong.text, 'value="nowhere"' in wrong.text) == (422, True, True)
    assert admin.post("/roster/fill", person="duty-officer", email="d@example.org", language="sw").leads_to == "/roster"
    full = watcher.get("/roster").text
    assert ("has no address. Nothing reaches" in full, "No one after 110 min." in full) == (False, True)
    assert admin.post("/roster/fill", person="someone", email="d@example.org", language="sw").status == 404
    assert watcher.post("/roster/fill", person="deputy", email="d@example.org", language="sw").status == 404


# --- partners


def test_the_directory_shows_who_can_help_and_filters_are_codes(partner: str, watcher: Browser) -> None:
    page = watcher.get("/partners")
    for words in (f'href="/partners/{partner}"', "Haki Legal (invented)", "Can be asked", "Room for 3 of 3"):
        assert words in page.text, words
    assert partner in watcher.get("/partners?need=legal_aid&county=KE-39&state=open").text
    assert f'href="/partners/{partner}"' not in watcher.get("/partners?county=KE-01").text
    for address in ("/partners?need=magic", "/partners?name=haki", "/partners/nobody-here", "/partners/..%2fx"):
        assert watcher.get(address).status == 404, address


def test_a_partner_is_suspended_and_asked_again_with_all_its_data_as_before(
    night: Night, partner: str, admin: Browser, watcher: Browser
) -> None:
    path = f"/v1/partners/{partner}"
    before = night.ask("referral", "GET", path)[1]
    page = admin.get(f"/partners/{partner}")
    assert ("08:00–24:00, Mon" in page.text, "No operator has signed for these keys." in page.text) == (True, True)
    assert admin.post(f"/partners/{partner}/suspended", suspended="yes").leads_to == f"/partners/{partner}"
    assert night.ask("referral", "GET", path)[1] == {**before, "suspended": True}
    assert "Suspended: is not asked" in watcher.get("/partners?state=suspended").text
    assert admin.post(f"/partners/{partner}/suspended", suspended="no").status == 303
    assert night.ask("referral", "GET", path)[1] == before
    assert "<button>Suspend</button>" not in watcher.get(f"/partners/{partner}").text
    assert watcher.post(f"/partners/{partner}/suspended", suspended="yes").status == 404


def test_a_revoked_partner_has_no_access_and_no_buttons(night: Night, partner: str, admin: Browser) -> None:
    admin.get(f"/partners/{partner}")
    assert admin.post(f"/partners/{partner}/revoke").status == 303
    page = admin.get(f"/partners/{partner}")
    assert ("Revoked: has no access" in page.text, "Revoke now" in page.text) == (True, False)
    assert night.ask("referral", "GET", f"/v1/partners/{partner}")[1]["revoked"] is True


# --- people


def test_who_has_no_board_begins_at_the_menu(admin: Browser) -> None:
    assert (admin.get("/").status, admin.get("/").leads_to) == (303, "/more")
    assert admin.get("/c/NG-0000000000").status == 404


def test_a_person_is_invited_and_the_link_is_shown_once(night: Night, admin: Browser) -> None:
    admin.get("/people")
    made = admin.post("/people", id="Zawadi", language="sw", roles="watch")
    found = re.findall(r"http://[^<]+/welcome#([a-z2-7]{32})<", made.text)
    assert (made.status, len(found)) == (200, 1)
    listed = admin.get("/people").text
    assert ("zawadi" in listed, found[0] in listed) == (True, False)
    set_up(Browser(night.services["console"].port), found[0])
    assert "Signed in on 1 device," in admin.get("/people/zawadi").text
    again = admin.post("/people", id="zawadi", language="sw", roles="watch")
    assert (again.status, "There is an account of this name." in again.text) == (409, True)
    wrong = admin.post("/people", id="other", language="sw", roles="all", hubs="KE-30")
    assert (wrong.status, "Must be one of:" in wrong.text) == (422, True)


def test_changed_roles_count_from_the_next_page_and_a_change_meanwhile_is_noticed(night: Night, admin: Browser) -> None:
    person = night.person("watch", name="baraka")
    assert person.get("/people").status == 404
    seen = admin.get("/people/baraka").field("seen")
    assert admin.post("/people/baraka/roles", seen=seen, roles="auditor").leads_to == "/people/baraka"
    assert person.get("/people").status == 200
    late = admin.post("/people/baraka/roles", seen=seen, roles="approver")
    assert (late.status, "Another person has changed this meanwhile." in late.text) == (409, True)
    assert 'action="/people"' not in person.get("/people").text, "an auditor invites no one"
    assert person.post("/people/baraka/roles", seen=seen, roles="administrator").status == 404


def test_a_closed_account_ends_its_sessions(night: Night, admin: Browser) -> None:
    person = night.person("watch", name="chebet")
    assert person.get("/me").status == 200
    admin.get("/people/chebet")
    assert admin.post("/people/chebet/close", reason="x").status == 422
    assert admin.post("/people/chebet/close", reason="has left").status == 303
    assert person.get("/me").leads_to == "/sign-in"
    assert "Closed" in admin.get("/people/chebet").text
    assert admin.get("/people/nobody").status == 404


def test_where_two_are_needed_the_page_says_so_and_shows_the_invitation_only_to_who_asked(
    night: Night, admin: Browser, world: World
) -> None:
    approver = night.person("approver", "administrator", name="approver")
    careful = careful_console(night, world)
    careful.start()
    try:
        first = Browser(careful.port, cookies=dict(admin.cookies))
        first.get("/people")
        asked = first.post("/people", id="dalili", language="en", roles="watch")
        assert (asked.status, "A second person must approve this." in asked.text, "welcome#" in asked.text) == (202, True, False)
        assert "Another person must approve it" in first.get("/people").text
        key = world.operator_key
        (waiting,) = careful.request("GET", "/v1/approvals", None, key)[1]["approvals"]
        assert waiting["asked_by"] == "admin"
        assert careful.request("POST", f"/v1/approvals/{waiting['id']}/approve", None, key)[0] == 200
        other = Browser(careful.port, cookies=dict(approver.cookies))
        other.get("/people")
        assert other.post(f"/people/answers/{waiting['id']}").status == 409
        assert "Show it" in first.get("/people").text
        answer = first.post(f"/people/answers/{waiting['id']}")
        assert (answer.status, "welcome#" in answer.text) == (200, True)
        assert first.post(f"/people/answers/{waiting['id']}").status == 409
    finally:
        careful.stop()


def careful_console(night: Night, world: World) -> ServiceProcess:
    """A second process of the console, in which acts of two wait for the second."""
    mode, world.approvals = world.approvals, "two"
    try:
        return ServiceProcess(*world.settings("console", "guesses_at_once = 1000"))
    finally:
        world.approvals = mode


# --- audit


def test_the_audit_is_searched_by_subject_actor_action_and_period_and_shows_no_words(night: Night, admin: Browser) -> None:
    night.person("watch", name="juma")
    admin.get("/people/juma")
    assert admin.post("/people/juma/close", reason="Juma has moved to the coast").status == 303
    path = "/v1/audit/entries?subject=juma&actor=operator:admin"
    (entry,) = night.ask("console", "GET", path)[1]["entries"]
    assert (entry["action"], entry["actor"], entry["subject"]) == ("account.closed", "operator:admin", "juma")
    assert (entry["detail"], "coast" in str(entry)) == ({"sessions": "1"}, False)
    found = night.ask("console", "GET", "/v1/audit/entries?action=account.closed&since=2020-01-01T00:00:00Z")[1]["entries"]
    assert entry in found
    assert night.ask("console", "GET", "/v1/audit/entries?action=account.closed&until=2020-01-01T00:00:00Z")[1] == {"entries": []}
    assert len(night.ask("console", "GET", "/v1/audit/entries?limit=3")[1]["entries"]) == 3
    for query in ("limit=501", "actor=juma", "since=yesterday", "action=ACCOUNT", "subject="):
        assert night.ask("console", "GET", f"/v1/audit/entries?{query}")[0] == 400, query
    searched = night.ask("console", "GET", "/v1/audit/entries?subject=list:entries")[1]["entries"]
    assert {each["detail"]["filters"] for each in searched} >= {"actor,subject", "action,since"}
    assert "juma" not in str([each["detail"] for each in searched])


def test_an_auditor_learns_who_saw_a_case_and_whether_the_record_is_whole(night: Night, officer: Browser) -> None:
    case = night.report()
    assert officer.get(f"/c/{case}").status == 200
    auditor = night.person("auditor", name="kena")
    assert "Is the record whole?" in auditor.get("/audit").text
    found = auditor.post("/audit", subject=case, actor="officer")
    assert (found.status, "operator:officer</strong>" in found.text, "case.read" in found.text) == (200, True, True)
    assert f'href="/c/{case}"' in found.text
    assert "(referral)" in found.text
    assert SECRET_WORDS not in found.text
    assert "Nothing was found." in auditor.post("/audit", subject=case, until="2020-01-01").text
    for fields, words in (({"subject": "two words"}, "A reference has no spaces"), ({"since": "2026-99-01"}, "A day is written")):
        wrong = auditor.post("/audit", **fields)
        assert (wrong.status, words in wrong.text) == (422, True)
    whole = auditor.post("/audit", verify="referral")
    assert re.search(r"Whole: [1-9]\d* entries follow from one another\.", whole.text), whole.text
    assert auditor.post("/audit", verify="other").status == 404
    assert night.person("administrator").get("/audit").status == 404, "she has no scope for it"


def test_an_audit_that_cannot_be_asked_is_named(night: Night) -> None:
    auditor = night.person("auditor")
    auditor.get("/audit")
    night.services["notify"].stop()
    try:
        page = auditor.post("/audit", subject="duty_officer:deputy")
        assert (page.status, "The audit of Messages could not be searched." in page.text) == (200, True)
        assert "It could not be verified in time." in auditor.post("/audit", verify="notify").text
    finally:
        night.services["notify"].start()


# --- policy


def test_the_rules_are_read_in_words_and_a_changed_file_is_checked_by_every_service(night: Night, watcher: Browser) -> None:
    page = watcher.get("/policy")
    for words in ("The first hours decide.", "answer to an offer: 15 min", "365 days after", "Duty officer", "triage.yaml"):
        assert words in page.text, words
    before = {name: night.ask(name, "GET", "/readyz")[1] for name in ("intake", "console")}
    typed = {"name": "deadlines.yaml", "content": "overlay: true\nurgencies:\n  critical: {respond_by: soon}\n"}
    wrong = watcher.post("/policy", **typed)
    assert (wrong.status, "urgencies.critical.respond_by" in wrong.text) == (200, True)
    assert tempfile.gettempdir() not in wrong.text
    assert "Would not start:" in wrong.text
    fine = watcher.post("/policy", **{**typed, "content": typed["content"].replace("soon", "600")})
    assert "Every service would start with this file." in fine.text
    assert "answer to an offer: 15 min" in watcher.get("/policy").text, "it is not used"
    assert before == {name: night.ask(name, "GET", "/readyz")[1] for name in before}
    bomb = watcher.post("/policy", name="deadlines.yaml", content="a: &a [1, 1]\nb: &b [*a, *a]\n")
    assert "has an alias at line 2. Write the value out." in bomb.text
    assert "is not YAML at line 1" in watcher.post("/policy", name="triage.yaml", content="a: [").text
    assert watcher.post("/policy", name="other.yaml", content="a: 1").status == 404
    assert watcher.post("/policy", name="triage.yaml", content="x" * 70_000).status == 413
    assert night.person("caseworker").get("/policy").status == 404
