"""The texts of messages. They say almost nothing, on purpose.

Anyone who holds the phone may read a message. It names no person, no organisation, no case and no kind of help. It
asks its recipient to open a place where they must first log in. Every word of every template is on an
allow-list, so that a well-meant change of a policy file cannot endanger anyone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter

from services.notify.errors import PolicyBroken, TemplateIndiscreet
from services.notify.messages.allowed_words import ALLOWED_WORDS

PLACEHOLDERS = frozenset({"reference", "link"})
MAX_SUBJECT, MAX_BODY = 60, 400

_ALLOWED_BETWEEN_WORDS = re.compile(r"^[\s.,:;!?'’-]*$")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class Text:
    """One template in one language; `{reference}` and `{link}` are the only things that may be filled in."""

    subject: str
    body: str


@dataclass(frozen=True)
class Templates:
    """All templates by name and language; every template has the default language."""

    texts: Mapping[str, Mapping[str, Text]]
    default_language: str

    def names(self) -> frozenset[str]:
        """Return the names of the templates."""
        return frozenset(self.texts)

    def render(self, name: str, language: str, *, reference: str, link: str) -> Text:
        """Fill a template in the recipient's language, or the default one. The link may hold `{reference}`, too."""
        texts = self.texts[name]
        text = texts.get(language) or texts[self.default_language]
        values = {"reference": reference, "link": link.replace("{reference}", reference)}
        return Text(text.subject.format_map(values), text.body.format_map(values))

    def uses_link(self) -> bool:
        """Return True if a template contains the link."""
        return any("link" in _fields(text.body) for text in self._all())

    def check(self) -> None:
        """Refuse a template without the default language or with a forbidden word. Raises PolicyBroken."""
        for name, texts in self.texts.items():
            if self.default_language not in texts:
                raise PolicyBroken(f"templates.{name} has no text in the default language.")
            for language, text in texts.items():
                lint(text, language, at=f"templates.{name}.{language}")

    def check_languages(self, demanded: Iterable[str]) -> None:
        """Refuse a template that lacks a language of the coalition: its recipient would get another one. Raises PolicyBroken."""
        for language in demanded:
            for name, texts in self.texts.items():
                if language not in texts:
                    raise PolicyBroken(f"templates.{name} has no text in {language}.")

    def _all(self) -> Iterator[Text]:
        return (text for texts in self.texts.values() for text in texts.values())


def lint(text: Text, language: str, *, at: str) -> None:
    """Refuse a text that could reveal more than it should. Raises TemplateIndiscreet naming the place and the word."""
    if language not in ALLOWED_WORDS:
        raise TemplateIndiscreet(f"{at}: allowed_words.py has no allow-list for this language.")
    _lint_part(text.subject, language, f"{at}.subject", MAX_SUBJECT, frozenset())
    _lint_part(text.body, language, f"{at}.body", MAX_BODY, PLACEHOLDERS)


def _lint_part(part: str, language: str, at: str, longest: int, placeholders: frozenset[str]) -> None:
    if not part.strip() or len(part) > longest:
        raise TemplateIndiscreet(f"{at}: must have 1 to {longest} characters.")
    try:
        pieces = list(Formatter().parse(part))
    except ValueError:
        raise TemplateIndiscreet(f"{at}: the braces do not match.") from None
    for literal, field, form, conversion in pieces:
        if field is not None and (field not in placeholders or form or conversion):
            raise TemplateIndiscreet(f"{at}: the placeholder {{{field}}} is not allowed.")
        _lint_words(literal, language, at)


def _lint_words(literal: str, language: str, at: str) -> None:
    for word in _WORD.findall(literal):
        if word.lower() not in ALLOWED_WORDS[language]:
            raise TemplateIndiscreet(f"{at}: the word {word!r} is not on the allow-list.")
    if not _ALLOWED_BETWEEN_WORDS.fullmatch(_WORD.sub("", literal)):
        raise TemplateIndiscreet(f"{at}: only words and plain punctuation are allowed.")


def _fields(part: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(part) if field}
