"""What stays behind when a person leaves, and what a person beside her sees: nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ngao.testing.waiting import eventually
from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import DESKTOP, PHONE
from tests.support.night import SECRET_WORDS, Night
from tests.support.staff import Browser

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def case(night: Night) -> str:
    return night.report()


@pytest.fixture
def officer(night: Night) -> Browser:
    return night.person("duty-officer")


def test_shift_three_times_blanks_the_page_ends_the_session_and_leads_elsewhere(
    opens: Opens, officer: Browser, case: str, neutral: str
) -> None:
    with opens(who=officer) as window:
        page = window.page
        window.go("/")
        window.go(f"/c/{case}")
        blanked: list[str] = []
        page.expose_function("blanked", lambda said: blanked.append(said))  # noqa: PLW0108 - a builtin takes no binding
        page.evaluate("""() => {
          let pressed = 0;
          document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
          const after = () => Math.round(performance.now() - pressed);
          const look = () => window.blanked(`${after()} ${document.body.checkVisibility()} ${document.title}`);
          new MutationObserver(look).observe(document.body, {attributes: true});
        }""")
        with page.expect_navigation(url=neutral):
            for _ in range(3):
                page.keyboard.press("Shift")
        after_ms, is_visible, *title = blanked[0].split(" ")
        assert (int(after_ms) <= 100, is_visible, title) == (True, "false", [""])
        eventually(lambda: officer.get("/me").leads_to == "/sign-in", what="the session to end")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert case not in page.content()


def test_leaving_forgets_what_was_not_sent_and_asks_nothing(opens: Opens, officer: Browser, case: str, neutral: str) -> None:
    asked: list[str] = []
    with opens(who=officer) as window:
        page = window.page
        page.route("**/seen", lambda route: route.abort())
        page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        window.go("/")
        window.button("Confirm seen, %(case)s", case=case).click()
        window.shows("No network. %(number)s not sent.", number=1)
        assert page.evaluate("localStorage.length") == 1
        with page.expect_navigation(url=neutral):
            window.button("Leave now").click()
        window.go("/sign-in")
        assert (page.evaluate("localStorage.length"), asked) == (0, [])


def test_capital_letters_do_not_leave(opens: Opens, officer: Browser) -> None:
    with opens(who=officer) as window:
        window.go("/me")
        for _ in range(4):
            window.page.keyboard.press("Shift+a")
        window.page.wait_for_timeout(200)
        assert window.page.url.endswith("/me")
        assert officer.get("/me").status == 200


@pytest.mark.parametrize("script", [True, False])
def test_after_leaving_back_and_a_reopened_window_show_the_sign_in(
    opens: Opens, officer: Browser, case: str, script: bool
) -> None:
    with opens(who=officer, script=script) as window:
        page = window.page
        window.go("/")
        window.go(f"/c/{case}")
        window.button("Leave now").click()
        page.wait_for_url(lambda url: "/c/" not in url)
        eventually(lambda: officer.get("/me").leads_to == "/sign-in", what="the session to end")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert case not in page.content()
        again = window.context.new_page()
        again.goto(f"/c/{case}")
        expect(again.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert page.title() == again.title() == "Desk"


def test_the_browser_keeps_one_cookie_that_no_script_reads_and_nothing_else(opens: Opens, officer: Browser, case: str) -> None:
    with opens() as window:
        window.go("/sign-in")
        (cookie,) = window.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == ("desk", True, "Strict", -1)
        assert (cookie["domain"], cookie["path"]) == ("localhost", "/")
    with opens(who=officer) as window:
        for path in ("/", f"/c/{case}", f"/c/{case}/story", "/me"):
            window.go(path)
        assert window.page.evaluate("document.cookie") == ""
        kept = window.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert not [word for word in (*SECRET_WORDS.split(), "0700", case) if word in kept]


def test_no_address_of_a_nights_pages_names_a_person_and_none_leaves_the_origin(
    opens: Opens, officer: Browser, case: str
) -> None:
    with opens(who=officer) as window:
        for path in ("/", f"/c/{case}", f"/c/{case}/story", "/me"):
            answer = window.page.goto(path)
            assert answer is not None
            assert "unsafe" not in answer.headers["content-security-policy"]
        assert window.left_the_origin() == []
        assert not [url for url in window.asked if any(word in url for word in SECRET_WORDS.split())]
        assert window.said == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_board_and_a_case_work_by_keyboard_and_the_focus_is_seen(
    opens: Opens, night: Night, officer: Browser, size: tuple[int, int]
) -> None:
    case = night.report()
    with opens(who=officer, size=size) as window:
        page = window.page
        window.go("/")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("To the content")
        page.keyboard.press("Enter")
        assert probes.unfocused(page, most=30) == []
        button = page.locator(f"#{case}").get_by_role("button")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/c/{case}")
        assert probes.unfocused(page, most=30) == []


def test_urgency_is_a_word_and_a_shape_besides_a_colour(opens: Opens, officer: Browser, case: str) -> None:
    with opens(who=officer) as window:
        window.go("/")
        shown = window.page.locator(f"#{case} .urgency")
        assert "critical" in shown.inner_text().lower()
        shape = shown.locator("[aria-hidden=true]").bounding_box()
        assert shape is not None
        assert min(shape["width"], shape["height"]) >= 10


def test_a_link_on_another_site_signs_no_one_out_and_keeps_the_code_of_an_invitation(
    opens: Opens, officer: Browser, case: str
) -> None:
    mail = "http://mail.example.org/"
    with opens(who=officer) as window:
        page = window.page
        links = {"case": f"/c/{case}", "sign-in": "/sign-in?lang=en", "invited": "/welcome#ABCD2345"}
        body = "".join(f'<a id="{name}" href="{window.origin}{path}">{name}</a> ' for name, path in links.items())
        page.route(f"{mail}**", lambda route: route.fulfill(content_type="text/html", body=body))
        page.goto(mail)
        page.click("#case")
        expect(page.get_by_role("heading", level=1)).to_have_text(case)
        page.goto(mail)
        page.click("#sign-in")
        expect(page.get_by_role("heading", level=1)).to_have_text("Board")
        page.goto(mail)
        page.click("#invited")
        expect(page.locator("[data-from-link]")).to_have_value("ABCD2345")
        assert "ABCD2345" not in page.url
        window.go("/me")
        expect(page.get_by_role("heading", level=1)).to_have_text("My account")
