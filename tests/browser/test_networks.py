"""A person joins a network on a phone, her convenor sees what she agreed to and no more, and a table of members is imported."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import NARROWEST, Window
from tests.support.night import NAIROBI, Night

pytestmark = pytest.mark.thorough

HUB = "/networks/women_defenders/nairobi"


def is_fine(window: Window) -> None:
    """Every answer 422 is an error to the browser's console; nothing else is said there."""
    page, said = window.page, [each for each in window.said if "status of 422" not in each]
    wrong = [*probes.too_small(page), *probes.alike(page), *window.axe(), *filter(None, [probes.too_wide(page)]), *said]
    assert wrong == []


def a_person(night: Night) -> str:
    stated = {"identity": {"names": [f"Invented {secrets.token_hex(4)} Moraa"]}}
    return str(night.ask("registry", "POST", "/v1/defenders", stated)[1]["defender_ref"])


def invites(window: Window, ref: str) -> None:
    """Invite a person who is in no network; the first try names a role that does not fit the place."""
    page = window.page
    window.go(f"/d/{ref}")
    page.get_by_role("link", name="Networks of this person").click()
    expect(page.get_by_text("She is in no network.")).to_be_visible()
    expect(page.get_by_label("As what").locator("option", has_text="National convenor")).to_have_count(1)
    is_fine(window)
    for role in ("national_convenor", "member"):
        page.get_by_label("Where").select_option("women_defenders/nairobi")
        page.get_by_label("As what").select_option(f"women_defenders/{role}")
        page.get_by_role("button", name="Invite her").click()
        if role != "member":
            expect(page.get_by_role("alert")).to_contain_text("This role and this place do not fit")
    expect(page.get_by_text("Invited", exact=True)).to_be_visible()
    is_fine(window)


def agrees(window: Window) -> None:
    """Record what she agrees to; the first try lacks what the rest needs."""
    page = window.page
    ticks = ("They may contact her", "The convenors of her hub may see that she is a member")
    for tick in ticks:
        page.get_by_label(tick).check()
        page.get_by_label("How she agreed").select_option("in_person")
        page.get_by_label("Member since").fill("2020-01-31")
        page.get_by_role("button", name=re.compile("^Record what she agrees to")).click()
        if tick == ticks[0]:
            expect(page.get_by_role("alert")).to_contain_text("only if the convenors may see her")
    expect(page.get_by_text("Is a member", exact=True)).to_be_visible()
    expect(page.get_by_text("They may contact her: No")).to_be_visible()
    is_fine(window)


def test_a_person_is_invited_agrees_is_seen_and_leaves(opens: Opens, night: Night) -> None:
    ref = a_person(night)
    keeper, convenor = night.person("caseworker"), night.person("hub-convenor", hubs=(NAIROBI,))
    with opens(who=keeper, size=NARROWEST) as window, opens(who=convenor, size=NARROWEST) as hers:
        page, seen = window.page, hers.page
        invites(window, ref)
        hers.go(HUB)
        expect(seen.get_by_text(ref)).to_have_count(0)
        agrees(window)

        hers.go("/networks")
        expect(seen.get_by_role("link", name="Coast hub")).to_have_count(0)
        is_fine(hers)
        seen.get_by_role("link", name="Nairobi hub").click()
        expect(seen.get_by_text(ref)).to_be_visible()
        expect(seen.get_by_text("Member, since 2020-01-31")).to_be_visible()
        assert seen.get_by_role("link", name=ref).count() == 0
        is_fine(hers)
        for closed in ("/networks/women_defenders/coast", f"/d/{ref}/networks", "/networks/import"):
            assert hers.go(closed) in (403, 404)

        window.go(HUB)
        page.get_by_role("link", name=ref).click()
        page.get_by_role("button", name=re.compile("^She leaves")).click()
        expect(page.get_by_text("Has left")).to_be_visible()
        hers.go(HUB)
        expect(seen.get_by_text(ref)).to_have_count(0)


def test_a_table_is_tried_and_then_imported(opens: Opens, night: Night) -> None:
    keeper, mark = night.person("caseworker"), secrets.token_hex(4)
    good = f"Invented {mark}\t\tmoraa.{mark}@example.org\twomen_defenders\tlake\tmember"
    wrong = f"Invented {mark} Two\tno number\t\twomen_defenders\tatlantis\tmember"
    known = lambda: night.ask("registry", "GET", LAKE)[1]["members"]  # noqa: E731
    before = len(known())
    with opens(who=keeper, size=NARROWEST) as window:
        page = window.page
        window.go("/networks")
        page.get_by_role("link", name="Import members").click()
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("alert")).to_contain_text("Paste the rows, or choose a file.")
        page.get_by_label("Paste the rows").fill("who\tphone\nx\ty")
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("alert")).to_contain_text("one of them is not known")
        page.get_by_label("Paste the rows").fill(f"name\tphone\temail\tnetwork\thub\trole\n{good}\n{wrong}")
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_text("Trial: nothing was stored")).to_be_visible()
        expect(page.get_by_text("Row 2: added, a new person")).to_be_visible()
        expect(page.get_by_text("there is no such hub")).to_be_visible()
        is_fine(window)
        assert len(known()) == before
        page.get_by_role("button", name="Import the rows that are right").click()
        expect(page.get_by_role("heading", name="Imported")).to_be_visible()
        assert len(known()) == before + 1
        assert mark not in page.url
        assert mark not in page.content(), "the table is not shown again once it is imported"
        is_fine(window)
        page.get_by_role("link", name="Open row 2").click()
        expect(page).to_have_url(re.compile(r"/d/DEF-\w+/networks$"))


def test_a_file_is_tried_and_one_that_is_no_text_is_refused(opens: Opens, night: Night) -> None:
    with opens(who=night.person("caseworker"), size=NARROWEST) as window:
        page = window.page
        window.go("/networks/import")
        sheet = {"name": "members.xlsx", "mimeType": "application/octet-stream", "buffer": b"PK\x03\x04\xff\xfe"}
        page.get_by_label("Or choose a CSV file").set_input_files(sheet)
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("alert")).to_contain_text("Save the sheet as CSV UTF-8.")
        rows = "\ufeffname;email;network;hub;role\r\nInvented Kerubo;kerubo@example.org;women_defenders;lake;member\r\n"
        page.get_by_label("Or choose a CSV file").set_input_files(
            {"name": "members.csv", "mimeType": "text/csv", "buffer": rows.encode()}
        )
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_text("Row 2: added, a new person")).to_be_visible()
        is_fine(window)


LAKE = "/v1/members?network=women_defenders&hub=lake&reason=case_work"
