"""What a page says to a person in words: its text without scripts, names, codes that are marked as such, and marked English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from services.console.pages.languages import catalogue
from services.console.policy import Policy
from services.console.sentences.lists import CODES

_VOID = {"meta", "link", "input", "br", "img", "hr", "source", "path"}
_SILENT = {"script", "style", "code", "textarea", "title", "svg"}
_CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b(?!\.yaml)")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            given = dict(attrs)
            is_silent = tag in _SILENT or given.get("lang") == "en" or (given.get("translate") == "no" and tag != "html")
            self.open.append(is_silent)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open) and data.strip():
            self.found.append(" ".join(data.split()))


def words_of(html: str) -> list[str]:
    """The pieces of text of a page that a person reads as words."""
    reader = _Words()
    reader.feed(html)
    return reader.found


def english_labels(policy: Policy) -> set[str]:
    """The English words for a code that are others in Swahili: labels of policy and of the services' codes."""
    swahili = {str(each.id): str(each.string) for each in catalogue("sw") if each.id}
    of_policy = (
        policy.violations, policy.groups, policy.perpetrators, policy.support_types, policy.templates, policy.decision_reasons,
        policy.reasons, policy.roles,
    )  # fmt: skip
    labels = {each["en"] for kind in of_policy for each in kind.values() if each["en"] != each.get("sw")}
    return labels | {each for each in CODES.values() if swahili.get(each) != each}


def not_in_swahili(html: str, labels: Iterable[str], codes: Iterable[str]) -> list[str]:
    """What a page shows to a reader of Swahili although it is a code, or the English word for one."""
    pieces, known = words_of(html), set(codes)
    wrong = [piece for piece in pieces if _CODE.search(piece) or known & set(re.split(r"[\s,;:()]+", piece))]
    return wrong + [piece for piece in pieces if any(piece.rstrip(".,:") == each for each in labels)]
