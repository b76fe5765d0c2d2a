"""Every page that the console declares, in Chromium: accessible, small, narrow enough, quiet, and true to its origin.

A page is found by its declaration and reached by links, so one that is added later is looked at without a change here.
CI looks at each page once: on a phone, in English, in both themes. `make test-long` looks at each in both languages, themes and
sizes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import product

import pytest

from ngao.testing.broker import Line
from ngao.testing.waiting import eventually
from services.console.policy import read_policy
from services.notify.ladders.planning import NO_CHANNEL
from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import DESKTOP, FIRST_LOAD, LATER_LOAD, NARROWEST, PHONE, Window, reads
from tests.support.coalition import DEMO_POLICY, OFFICERS, Coalition
from tests.support.finding_pages import POLICY, Found, declared, everyone, find
from tests.support.intake import onboard
from tests.support.night import NAIROBI, SECRET_WORDS, Night
from tests.support.shown_words import english_labels, not_in_swahili

NO_PAGES = ("/changed", "/boxes", "/organisation/back", "/report/send", "/m/<id:reference>",
            "/approvals/<code:service>/<id:approval_id>")
"""What scripts ask for and what only leads on, by the end of its address: no person stays there. The page of an approval
needs a platform on which acts need two people: tests/service/test_pages_machinery.py looks at it."""
WORDS = read_policy((POLICY, DEMO_POLICY))
PAGES = [each for each in declared() if not each.path.endswith(NO_PAGES)]
PATHS, OF_STAFF = [each.path for each in PAGES], [each.path for each in PAGES if not each.anyone]


@pytest.fixture(scope="module")
def found(night: Night, coalition: Coalition) -> dict[str, Found]:
    """Where each page is, with something to show: a case that a silent partner is asked about, its partner, a candidate."""
    partner = coalition.partner(NAIROBI, "silent")
    coalition.reaches(night.report(NAIROBI), "offered")
    night.report(NAIROBI)  # of a person with the same name and another number: perhaps the same
    waiting = "/v1/candidates?reason=candidate_review"
    eventually(lambda: night.ask("registry", "GET", waiting)[1]["candidates"], what="a candidate")
    held_back(night)
    in_a_network(night)
    return find(everyone(night, partner.id))


def held_back(night: Night) -> None:
    """A message that is set aside, and a form that could not be read."""
    Line(night.world).publish_raw(b'{"specversion": "', "routine.intake.report.accepted.v1")
    eventually(lambda: night.ask("referral", "GET", "/v1/parked")[1]["parked"], what="a message set aside")
    source = f"form-{secrets.token_hex(3)}"
    key = onboard(night.services["intake"], night.world, source, profile="kobo")
    assert night.services["intake"].request("POST", f"/v1/inbound/{source}", {"person_name": SECRET_WORDS}, key)[0] == 202


def in_a_network(night: Night) -> None:
    """A member of a hub who is invited to a training."""
    stated = {"identity": {"names": [SECRET_WORDS]}}
    ref = night.ask("registry", "POST", "/v1/defenders", stated)[1]["defender_ref"]
    place = {"network": "women_defenders", "hub": "nairobi", "role": "member"}
    assert night.ask("registry", "POST", f"/v1/defenders/{ref}/memberships", place)[0] == 200
    session = {"programme": "security", "day": "2026-01-15", "county": NAIROBI, "places": 9}
    made = night.ask("registry", "POST", "/v1/trainings", session)[1]["session_id"]
    entry = {"session_id": made, "state": "invited"}
    assert night.ask("registry", "PUT", f"/v1/defenders/{ref}/trainings", entry)[0] == 200


@pytest.fixture
def at(found: dict[str, Found], path: str) -> Found:
    assert path in found, f"no link leads to {path}, or it cannot be opened"
    return found[path]


def looks(window: Window, what: str) -> Iterator[str]:
    """What is wrong with a page that was loaded."""
    yield from probes.not_as_declared(window.page)
    yield from (f"{what}: {each}" for each in probes.too_small(window.page))
    yield from (f"{what}, two buttons are both called: {each}" for each in probes.alike(window.page))
    yield from (f"{what}, said: {each}" for each in window.said)
    yield from (f"{what}, asked elsewhere: {each}" for each in window.left_the_origin())
    yield from (f"{what}, only a colour shows how urgent it is: {each}" for each in probes.told_by_colour_alone(window.page))
    yield from (f"{what}, no key of a keyboard leads to: {each}" for each in probes.unreachable(window.page))
    if (kept := window.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")) != "[{},{}]":
        yield f"{what}: the browser keeps {kept}"


def is_fine(wrong: list[str]) -> None:
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.thorough
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_accessible_small_and_quiet(opens: Opens, at: Found, path: str) -> None:
    with opens(who=at.who) as window:
        wire = window.wire()
        assert window.go(at.address) == 200
        wrong = [*looks(window, "phone"), *window.axe()]
        wrong += [f"first load of {wire.total} bytes: {wire.bytes}"] if wire.total > FIRST_LOAD else []
        wrong += [f"later load of {wire.later} bytes: {wire.bytes}"] if wire.later > LATER_LOAD else []
        window.page.emulate_media(color_scheme="dark")
        wrong += window.axe(contrast_only=True)
        for size in (NARROWEST, DESKTOP):
            window.page.set_viewport_size({"width": size[0], "height": size[1]})
            wrong += filter(None, [probes.too_wide(window.page)])
    is_fine(wrong)


@pytest.mark.thorough
@pytest.mark.parametrize("path", OF_STAFF)
def test_a_reader_of_swahili_sees_no_code_and_no_english_word_for_one(at: Found, path: str) -> None:
    assert at.who is not None
    page = reads(at.who, "sw").get(at.address)
    assert (page.status, '<html lang="sw"' in page.text) == (200, True)
    codes = {*WORDS.violations, *WORDS.support_types, *WORDS.roles, *WORDS.counties, *WORDS.reasons, NO_CHANNEL} - set(OFFICERS)
    is_fine(not_in_swahili(page.text, english_labels(WORDS), codes))


@pytest.mark.long
@pytest.mark.parametrize("way", list(product(("en", "sw"), ("light", "dark"), (PHONE, DESKTOP))))
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_accessible_in_every_way(opens: Opens, at: Found, path: str, way: tuple[str, str, tuple[int, int]]) -> None:
    language, theme, size = way
    with opens(who=at.who and reads(at.who, language), language=language, theme=theme, size=size) as window:
        assert window.go(at.address) == 200
        assert window.page.locator("html").get_attribute("lang") == language
        wrong = [*looks(window, f"{size[0]} px, {theme}"), *probes.unfocused(window.page), *window.axe()]
        window.page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
        is_fine([*wrong, *filter(None, [probes.too_wide(window.page)])])
