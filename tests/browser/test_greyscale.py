"""Urgency can be told without colours: by its word beside each mark, and by marks of different shapes."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import expect

from services.console.board.model import URGENCIES
from tests.browser.conftest import Opens
from tests.support.browsing import DESKTOP, Window, reads
from tests.support.night import Night
from tests.support.probes import told_by_colour_alone

pytestmark = pytest.mark.thorough

WORDS = {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}


def marks(window: Window) -> dict[str, bytes]:
    """A picture of the mark of each level, all in one colour, from the page that shows them all."""
    found = {}
    for level in URGENCIES:
        shown = window.page.locator(f"main .urgency.{level}").first
        expect(shown).to_have_text(window.say(WORDS[level]))
        shown.evaluate("each => { each.style.color = '#777'; }")
        found[level] = shown.locator(".shape").screenshot()
    return found


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("sw", "dark")])
def test_the_marks_of_urgency_differ_without_their_colours_and_have_words(
    opens: Opens, night: Night, language: str, theme: str
) -> None:
    who = reads(night.person("administrator"), language)
    with opens(who=who, language=language, theme=theme, size=DESKTOP) as window:
        assert window.go("/policy") == 200
        sight = window.context.new_cdp_session(window.page)
        sight.send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
        assert window.axe(contrast_only=True) == []
        seen = marks(window)
        assert [pair for pair in combinations(seen, 2) if seen[pair[0]] == seen[pair[1]]] == []
        assert told_by_colour_alone(window.page) == []


def test_a_mark_without_its_word_would_be_found(opens: Opens, night: Night) -> None:
    with opens(who=night.person("administrator")) as window:
        window.go("/policy")
        window.page.locator("main .urgency.high").first.evaluate("each => { each.lastChild.textContent = ''; }")
        assert len(told_by_colour_alone(window.page)) == 1
