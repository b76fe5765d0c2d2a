"""The questions of a report by phone, their order, and what the answers to them make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

CHECK = "check"
"""Where all answers are shown. It is no question."""
_NUMBERS = {
    "talk": 1, "callback": 1, "caller": 1, "group": 2, "act": 2, "ongoing": 3, "when": 3, "who": 4, "county": 5, "needs": 6,
    "share": 7, "reach": 8, "person": 9, "words": 10,
}  # fmt: skip
_FOLLOW = {"callback": ("talk", {"no"}), "when": ("ongoing", {"no", "unknown"})}
"""Questions that are asked only after some answers to another one."""
_DEPENDENT = {"group": ("act",), "ongoing": ("when",), "talk": ("callback",)}
"""Answers that no longer hold when another one changes."""
_FIRST_TO_SKIP = 4
Given = Mapping[str, Mapping[str, Any]]
"""By question, the parts of its answer."""


@dataclass(frozen=True)
class Sent:
    """A report that is at intake; `asked` are the questions whose answers it has, `times` how often more was added."""

    report_id: str
    case_ref: str
    urgency: str
    asked: tuple[str, ...] = ()
    times: int = 0


@dataclass(frozen=True)
class Answers:
    """What one caller has said so far. `act` names the call at intake. `checked` is true once all answers were shown."""

    act: str
    began_at: str
    given: Given = field(default_factory=dict, repr=False)
    checked: bool = False
    sent: Sent | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """The questions that are asked. Of a report that was sent, only those that it has no answer to."""
        asked = self.sent.asked if self.sent else ()
        return tuple(each for each in _NUMBERS if self._applies(each) and not (self.sent and self._is_settled(each, asked)))

    @property
    def may_send(self) -> bool:
        """Return True if there is enough for a report: what happened, or how to call back; once sent, anything more."""
        if self.sent:
            return bool(self.news)
        return "act" in self.given or "callback" in self.given

    @property
    def news(self) -> Given:
        """The answers that intake does not have yet."""
        asked = self.sent.asked if self.sent else ()
        return {code: answer for code, answer in self.given.items() if code not in asked}

    @property
    def shares(self) -> bool:
        """Return True if the caller has said that a partner may be asked."""
        return self.choice("share") == "yes"

    def choice(self, code: str) -> str:
        """Return what was chosen at a question, or nothing."""
        return str(self.given.get(code, {}).get("choice", ""))

    def answered(self, more: Given) -> Answers:
        """Return the answers with others. One that changes what another one depends on ends that one.

        A group that is chosen again ends the act as well: another act of the same group may be meant.
        """
        changed = {code for code in more if self.given.get(code) != more[code] or code == "group"}
        ended = {each for code in changed for each in _DEPENDENT.get(code, ())} - set(more)
        kept = {code: answer for code, answer in self.given.items() if code not in ended}
        return replace(self, given={**kept, **more})

    def without(self, code: str) -> Answers:
        """Return the answers without that to one question."""
        return replace(self, given={each: answer for each, answer in self.given.items() if each != code})

    def following(self, code: str) -> str:
        """Return what is shown after a question: the next one without an answer, or all answers."""
        order = self.order
        if self.checked:
            open_ = [each for each in order if each in {"act", "when", "callback"} and each not in self.given]
            return open_[0] if open_ else CHECK
        later = order[order.index(code) + 1 :] if code in order else order
        return next((each for each in later if each not in self.given), CHECK)

    def before(self, code: str) -> str:
        """Return where the way back leads from a question; nowhere from the first."""
        order = self.order
        if self.checked:
            return CHECK
        at = order.index(code) if code in order else len(order)
        return order[at - 1] if at else ""

    def shown(self) -> Answers:
        """Return the answers, noting that all were shown: what is changed from now on leads to all of them again."""
        return replace(self, checked=True)

    def delivered(self, sent: Sent) -> Answers:
        """Return the answers as intake has them now."""
        times = self.sent.times + 1 if self.sent else 0
        return replace(self, sent=replace(sent, asked=tuple(self.given), times=times), checked=False)

    def _applies(self, code: str) -> bool:
        depends = _FOLLOW.get(code)
        return depends is None or self.choice(depends[0]) in depends[1]

    @staticmethod
    def _is_settled(code: str, asked: tuple[str, ...]) -> bool:
        return code in asked or not may_skip(code)


def number_of(code: str) -> int:
    """Return the number that a question is shown with. Raises KeyError for one that there is not."""
    return _NUMBERS[code]


def continues(code: str) -> bool:
    """Return True for a question that has the number of the one before: together they are one."""
    codes = list(_NUMBERS)
    at = codes.index(code)
    return at > 0 and _NUMBERS[codes[at - 1]] == _NUMBERS[code]


def may_skip(code: str) -> bool:
    """Return True if a report can be sent without an answer to a question."""
    return _NUMBERS[code] >= _FIRST_TO_SKIP


def as_record(answers: Answers) -> dict[str, Any]:
    """Return answers as JSON holds them."""
    return {**vars(answers), "sent": vars(answers.sent) if answers.sent else None}


def from_record(record: Mapping[str, Any]) -> Answers:
    """Return the answers of such a record."""
    sent = record["sent"]
    return Answers(**{**record, "sent": Sent(**{**sent, "asked": tuple(sent["asked"])}) if sent else None})
