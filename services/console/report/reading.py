"""Read what was typed or tapped at one question; what no page offers leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ngao.kernel.phones import read_phones
from ngao.kernel.text import clean
from services.console.report.model import Answers, Given

ROLES = ("self", "relative", "colleague", "witness", "organisation", "lawyer", "journalist", "medical", "unknown")
_FIXED = {
    "talk": ("yes", "no"),
    "caller": ROLES,
    "ongoing": ("yes", "no", "unknown"),
    "when": ("today", "days", "week", "longer", "unknown"),
    "share": ("yes", "no", "unasked"),
    "reach": ("yes", "no"),
}
"""What can be chosen at these questions, whatever the policy."""
LONGEST = {"name": 200, "phone": 100, "code_word": 80, "instructions": 1000, "text": 6000}
"""How many signs a field takes. All answers have to fit into one form, encrypted."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_TICKS = ("others", "voicemail", "sms")
_DATED = {"ongoing", "when"}


@dataclass(frozen=True)
class Lists:
    """The codes of policy that answers can be; `acts` are the violations of each group. `region` is that of phone numbers."""

    acts: Mapping[str, tuple[str, ...]]
    perpetrators: Collection[str]
    counties: Collection[str]
    needs: Collection[str]
    region: str


class NotOffered(ValueError):
    """A choice that no page offers."""


class Wrong(ValueError):
    """A field that has to be typed again: its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def options(code: str, answers: Answers, lists: Lists) -> tuple[str, ...]:
    """Return the codes that can be chosen at a question, in their order; empty for one with fields alone."""
    if code in _FIXED:
        return _FIXED[code]
    chosen: Mapping[str, Collection[str]] = {
        "group": lists.acts,
        "act": lists.acts.get(answers.choice("group"), ()),
        "who": lists.perpetrators,
        "county": lists.counties,
        "needs": lists.needs,
    }
    return tuple(chosen.get(code, ()))


def is_answered(code: str, typed: Mapping[str, str]) -> bool:
    """Return True if a form holds anything for its question, although it was sent by another button."""
    return any(typed.get(name, "").strip() for name in (*LONGEST, "choice", "opens", "closes")) or (
        code == "needs" and bool(needs_in(typed))
    )


def needs_in(typed: Mapping[str, str]) -> list[str]:
    """Return the needs that are ticked in a form."""
    return [name.removeprefix("need_") for name in typed if name.startswith("need_")]


def read(code: str, typed: Mapping[str, str], answers: Answers, lists: Lists, now: datetime) -> Given:
    """Return the answers that a form gives: to its question, and to others that follow from it.

    Raises Wrong naming a field, NotOffered.
    """
    reader: Callable[[Mapping[str, str], Lists], Given] | None = _FORMS.get(code)
    if reader:
        return reader(typed, lists)
    choice = typed.get("choice", "")
    if choice not in options(code, answers, lists):
        raise NotOffered(code)
    dated = {"at": now.isoformat(timespec="seconds")} if code in _DATED else {}
    found = {code: {"choice": choice, **dated}}
    only = lists.acts.get(choice, ()) if code == "group" else ()
    return found | ({"act": {"choice": only[0]}} if len(only) == 1 else {})


def _needs(typed: Mapping[str, str], lists: Lists) -> Given:
    chosen = needs_in(typed)
    if not set(chosen) <= set(lists.needs):
        raise NotOffered("needs")
    return {"needs": {"chosen": chosen}}


def _reach(typed: Mapping[str, str], lists: Lists) -> Given:  # noqa: ARG001 - one signature for all
    choice = typed.get("choice") or "yes"
    if choice not in _FIXED["reach"]:
        raise NotOffered("reach")
    if choice == "no":
        return {"reach": {"choice": "no"}}
    hours = {name: typed.get(name, "").strip() for name in ("opens", "closes")}
    for name, at in hours.items():
        if any(hours.values()) and not _TIME.fullmatch(at):
            raise Wrong(name)
    words = {name: _text(typed, name) for name in ("code_word", "instructions")}
    ticks = {name: name in typed for name in _TICKS}
    return {"reach": {"choice": "yes", **hours, **words, **ticks}}


def _callback(typed: Mapping[str, str], lists: Lists) -> Given:
    return {"callback": {"phone": _phone(typed, lists)}, **_reach({**typed, "choice": "yes"}, lists)}


def _person(typed: Mapping[str, str], lists: Lists) -> Given:
    return {"person": {"name": _text(typed, "name"), "phone": _phone(typed, lists)}}


def _words(typed: Mapping[str, str], lists: Lists) -> Given:  # noqa: ARG001 - one signature for all
    return {"words": {"text": _text(typed, "text")}}


def _phone(typed: Mapping[str, str], lists: Lists) -> str:
    said = _text(typed, "phone")
    if said and not read_phones(said, lists.region):
        raise Wrong("phone")
    return said


def _text(typed: Mapping[str, Any], name: str) -> str:
    found = clean(str(typed.get(name, "")))
    if len(found) > LONGEST[name]:
        raise Wrong(name)
    return found


_FORMS = {"needs": _needs, "reach": _reach, "callback": _callback, "person": _person, "words": _words}
"""The questions that are answered by fields; at the others one code is chosen."""
