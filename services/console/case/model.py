"""What the pages of a case decide: what a person may do now, how flags and offers are shown, and what a note may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.console.values import account_of

SETTLED_BECAUSE = ("met", "gone", "declined_by_person")
LONGEST_NOTE = 4_000
LATEST = 12
"""So many steps of its story are on the page of a case; the page of the story has all."""
_NEED = re.compile(r"[a-z][a-z0-9_]{1,63}")
_OPEN = frozenset({"offered", "received"})
_NO_CONSENT = "no_consent"


@dataclass(frozen=True)
class Flag:
    """A flag of a case as the page shows it: `by` is a name, empty while it was never changed."""

    code: str
    label: Mapping[str, str]
    is_set: bool
    by: str
    at: str


@dataclass(frozen=True)
class Left:
    """Partners that are left out of a match for one reason."""

    sentence: str
    partners: tuple[str, ...]


def flags_of(answer: Mapping[str, Any]) -> list[Flag]:
    """Return the flags as intake shows them, those that are set first."""
    flags = [
        Flag(
            str(each["code"]), each.get("label") or {}, bool(each.get("is_set")), account_of(each.get("changed_by")),
            str(each.get("changed_at") or ""),
        )
        for each in answer.get("flags", ())
    ]  # fmt: skip
    return sorted(flags, key=lambda each: not each.is_set)


def last_change(flags: Iterable[Flag]) -> Flag | None:
    """Return the flag that was changed last."""
    return max((each for each in flags if each.at), key=lambda each: each.at, default=None)


def waiting_offers(case: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the offers that a partner holds or has to answer, by need."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in case.get("offers", ()):
        if each.get("due"):
            found.setdefault(str(each["need"]), []).append(each)
    return found


def lacks_consent(case: Mapping[str, Any]) -> bool:
    """Return True if a person decides on every need that is not settled because consent is missing: no match would help."""
    last = {str(step.get("need")): step.get("reason") for step in case.get("story", ())}
    open_needs = [each for each in case.get("needs", ()) if each["state"] != "settled"]
    return bool(open_needs) and all(
        each["state"] == "with_human" and last.get(str(each["need"])) == _NO_CONSENT for each in open_needs
    )


def is_asked(offer: Mapping[str, Any]) -> bool:
    """Return True while the partner has not answered."""
    return offer.get("state") in _OPEN


def latest(story: Sequence[Any]) -> list[Any]:
    """Return the newest steps, the newest first."""
    return list(story)[::-1][:LATEST]


def left_out(match: Mapping[str, Any]) -> list[Left]:
    """Return why partners are left out of a match, with the partners of each reason; the commonest reason last.

    What concerns one partner alone is what a person asks about; "does not work in this county" is said of many.
    """
    found: dict[str, list[str]] = {}
    for each in match.get("excluded", ()):
        found.setdefault(str(each["reason"]["text"]), []).append(str(each["partner_id"]))
    return sorted((Left(text, tuple(ids)) for text, ids in found.items()), key=lambda each: (len(each.partners), each.sentence))


def is_settling(typed: Mapping[str, str]) -> bool:
    """Return True if a form says which need is to be closed, and why."""
    return bool(_NEED.fullmatch(typed.get("need", ""))) and typed.get("reason") in SETTLED_BECAUSE


def note_of(typed: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the note that was typed, as intake takes it; None if it is empty or too long."""
    text, corrects = typed.get("text", "").replace("\r\n", "\n").strip(), typed.get("corrects", "")
    if not 0 < len(text) <= LONGEST_NOTE:
        return None
    number = {"corrects": int(corrects)} if corrects.isdecimal() and len(corrects) < 4 else {}
    return {"text": text, "act": typed.get("act", "")} | number
