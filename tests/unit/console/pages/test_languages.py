"""Every text of a page has its Swahili, and no text that is gone keeps one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from flask.testing import FlaskClient

from services.console.pages import languages

FOLDER = Path(languages.__file__).parents[1]
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
WORDS = {**DEFAULT_KEYWORDS, "_l": None}
WRITTEN = {message for _, _, message, _, _ in extract_from_dir(FOLDER, METHODS, keywords=WORDS)}
SWAHILI = {each.id: each for each in languages.catalogue("sw") if each.id}


def test_texts_are_found_in_the_pages() -> None:
    assert {"Sign in", "Not found, or not yours to see."} <= WRITTEN


def test_every_text_has_its_swahili_and_nothing_else_has() -> None:
    assert set(SWAHILI) == WRITTEN
    assert [id_ for id_, each in SWAHILI.items() if not each.string or each.fuzzy] == []


def test_a_text_keeps_its_blanks_to_be_filled() -> None:
    blanks = re.compile(r"%\(\w+\)s")
    assert [id_ for id_, each in SWAHILI.items() if set(blanks.findall(str(id_))) != set(blanks.findall(str(each.string)))] == []


@pytest.mark.parametrize(
    ("path", "asked", "language"),
    [
        ("/sign-in", None, "en"),
        ("/sign-in", "sw-KE,sw;q=0.9,en;q=0.5", "sw"),
        ("/sign-in", "fr,de;q=0.5", "en"),
        ("/sign-in?lang=en", "sw", "en"),
        ("/sign-in?lang=sw", "en", "sw"),
    ],
)
def test_the_address_chooses_the_language_else_the_browser(
    client: FlaskClient, path: str, asked: str | None, language: str
) -> None:
    html = client.get(path, headers={"Accept-Language": asked} if asked else {}).text
    assert re.findall(r'<html lang="(\w+)"', html) == [language]
    assert re.findall(r"<h1>(.*?)</h1>", html) == [{"en": "Sign in", "sw": "Ingia"}[language]]
    assert re.findall(r'lang="(\w+)"[^>]*aria-current="true"', html) == [language]


def test_a_language_that_there_is_not_is_not_found_in_the_language_of_the_browser(client: FlaskClient) -> None:
    answer = client.get("/sign-in?lang=tlh", headers={"Accept-Language": "sw"})
    assert (answer.status_code, "Haipo, au huruhusiwi kuiona." in answer.text) == (404, True)
