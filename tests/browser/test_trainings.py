"""A session is added on a phone, a person is invited and attends, and is counted only once she agrees."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import NARROWEST, Window
from tests.support.night import Night

pytestmark = pytest.mark.thorough


def is_fine(window: Window) -> None:
    """Every answer 409 or 422 is an error to the browser's console; nothing else is said there."""
    page, said = window.page, [each for each in window.said if not re.search("status of (409|422)", each)]
    assert [*probes.too_small(page), *probes.alike(page), *window.axe(), *filter(None, [probes.too_wide(page)]), *said] == []


def records(window: Window, ref: str, session: str, state: str, *, counted: bool = False) -> None:
    page = window.page
    window.go(f"/d/{ref}/trainings")
    page.get_by_label("Session").select_option(label=session)
    page.get_by_label("What she is to it").select_option(state)
    page.get_by_label("She agrees to be counted among who attended").set_checked(counted)
    page.get_by_role("button", name="Record the training").click()


def test_a_session_is_added_and_a_person_attends_it(opens: Opens, night: Night) -> None:
    people = [{"identity": {"names": [f"Invented {secrets.token_hex(4)} Atieno"]}} for _ in range(2)]
    ref, other = (str(night.ask("registry", "POST", "/v1/defenders", each)[1]["defender_ref"]) for each in people)
    with opens(who=night.person("caseworker"), size=NARROWEST) as window:
        page = window.page
        window.go("/trainings")
        page.get_by_label("Programme").select_option(label="Security training")
        page.get_by_label("Day").fill("2026-01-15")
        page.get_by_label("County").select_option("KE-30")
        page.get_by_label("Places").fill("0")
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("alert")).to_contain_text("Write the number of places")
        is_fine(window)
        page.get_by_label("Places").fill("1")
        page.get_by_role("button", name="Add it").click()
        session = "Security training, 2026-01-15, Nairobi City"
        expect(page.get_by_text("0 of 1 places are taken")).to_be_visible()
        is_fine(window)

        records(window, ref, session, "invited")
        expect(page.get_by_text("invited, is not counted")).to_be_visible()
        records(window, other, session, "invited")
        expect(page.get_by_role("alert")).to_contain_text("No place is left")
        is_fine(window)
        records(window, ref, session, "attended", counted=True)
        expect(page.get_by_text("attended, agrees to be counted")).to_be_visible()
        window.go("/trainings")
        expect(page.get_by_text("Attended and agreed to be counted: 1")).to_be_visible()
        page.get_by_role("link", name=session).click()
        is_fine(window)
        page.get_by_role("link", name=ref).click()
        page.get_by_role("button", name=re.compile("^Remove from her record")).click()
        expect(page.get_by_text("No training yet.")).to_be_visible()
        is_fine(window)
