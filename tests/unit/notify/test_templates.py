"""No template can give anybody away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.testing.notify import shipped_policy
from services.notify.errors import PolicyBroken, TemplateIndiscreet
from services.notify.messages.allowed_words import ALLOWED_WORDS
from services.notify.messages.templates import Templates, Text, lint

TEMPLATES = shipped_policy().templates
SHIPPED = [(name, language) for name, texts in TEMPLATES.texts.items() for language in texts]
TELLING = {
    "en": ["ngao", "shield", "defender", "rights", "case", "referral", "report", "shelter", "safe", "lawyer", "legal", "doctor",
           "medical", "police", "threat", "attack", "violence", "help", "emergency", "coalition", "partner", "danger", "arrest"],
    "sw": ["ngao", "mtetezi", "haki", "kesi", "rufaa", "ripoti", "makazi", "usalama", "wakili", "daktari", "polisi", "tishio",
           "vurugu", "msaada", "dharura", "muungano", "mshirika", "hatari"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "language"), SHIPPED)
def test_every_shipped_template_passes(name: str, language: str) -> None:
    lint(TEMPLATES.texts[name][language], language, at=name)


def test_every_template_is_there_in_english_and_swahili() -> None:
    assert {language for _, language in SHIPPED} == {"en", "sw"} == set(ALLOWED_WORDS)
    assert len(SHIPPED) == 2 * len(TEMPLATES.texts)


@pytest.mark.parametrize("language", ALLOWED_WORDS)
def test_no_word_that_tells_is_on_an_allow_list(language: str) -> None:
    assert not ALLOWED_WORDS[language] & set(TELLING[language])


@pytest.mark.parametrize(
    "body",
    [
        "Please call {name}.",
        "Please look: {case_ref}",
        "{reference.__class__}",
        "{reference!r}",
        "{reference:>20}",
        "{}",
        "{0}",
        "Please look {",
        "Your lawyer is waiting.",
        "Your shelter, please.",
        "Please look at example.org now.",
        "Please look at 0712.",
        "Please look: http://a",
        "Please <b>look</b>",
        "Please look\x00",
        "",
        "look " * 100,
    ],
)
def test_a_body_that_could_say_more_is_refused(body: str) -> None:
    with pytest.raises(TemplateIndiscreet):
        lint(Text("Please look", body), "en", at="test")


def test_a_subject_takes_no_placeholder_at_all() -> None:
    with pytest.raises(TemplateIndiscreet):
        lint(Text("Please look {reference}", "Please look."), "en", at="test")


def test_a_language_without_an_allow_list_is_refused() -> None:
    with pytest.raises(TemplateIndiscreet):
        lint(Text("Look", "Look"), "fr", at="test")


def test_a_template_without_the_default_language_is_refused() -> None:
    with pytest.raises(PolicyBroken):
        Templates({"only": {"sw": Text("Tafadhali", "Tafadhali")}}, "en").check()


@given(language=st.sampled_from(sorted(ALLOWED_WORDS)), word=st.text(min_size=1, max_size=30))
def test_whatever_word_is_slipped_in_only_allowed_ones_come_through(language: str, word: str) -> None:
    text = Text(sorted(ALLOWED_WORDS[language])[0], f"{sorted(ALLOWED_WORDS[language])[0]} {word}")
    try:
        lint(text, language, at="test")
    except TemplateIndiscreet:
        return
    rendered = Templates({"t": {language: text}}, language).render("t", language, reference="", link="").body
    left = "".join(char if char.isalpha() or char in "'’" else " " for char in rendered.lower()).split()
    assert {piece.strip("'’") for piece in left if piece.strip("'’")} <= ALLOWED_WORDS[language] | {"null"}
    assert not any(char.isdigit() for char in rendered)


@given(
    name=st.sampled_from(sorted(TEMPLATES.texts)),
    language=st.text(max_size=5) | st.sampled_from(sorted(ALLOWED_WORDS)),
    reference=st.from_regex(r"[0-9A-F]{4}-[0-9A-F]{4}", fullmatch=True),
)
def test_whatever_the_readers_language_the_text_is_the_template_and_the_reference(
    name: str, language: str, reference: str
) -> None:
    rendered = TEMPLATES.render(name, language, reference=reference, link="")
    text = TEMPLATES.texts[name].get(language) or TEMPLATES.texts[name]["en"]
    assert rendered.subject == text.subject
    assert rendered.body == text.body.replace("{reference}", reference)
