"""The progress of a case as the source may know it: assembled from events that may come late or out of order.

A source learns that help is looked for, and what the partner who took the referral does. Who is asked, how often, when an offer
expires and when a duty officer is called in follow from the urgency by all that is known, which others' reports may have raised:
that stays inside (law 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

OPENED = "referral.case.opened"
CLOSED = "referral.case.closed"
REOPENED = "referral.case.reopened"
WORDS = {
    OPENED: "looking_for_help",
    CLOSED: "closed",
    REOPENED: "looking_for_help",
    "referral.offered": "looking_for_help",
    "referral.accepted": "accepted",
    "referral.started": "in_progress",
    "referral.completed": "completed",
    "referral.declined": "looking_for_help",
    "referral.expired": "looking_for_help",
    "referral.failed": "looking_for_help",
    "referral.withdrawn": "looking_for_help",
    "referral.recalled": "looking_for_help",
    "referral.unroutable": "looking_for_help",
}

_RANK = ("received", "looking_for_help", "accepted", "in_progress", "completed", "closed")


@dataclass(frozen=True)
class Step:
    """One thing that happened to the case; `sequence` is the order in which its owner published it. Partners are not named.

    `case_salt` makes the reference by which the partner of the offer knows the case. `needs_again` are the needs for which help
    is looked for again from this step on.
    """

    what: str
    at: datetime
    sequence: int
    need: str | None = None
    offer_id: str | None = None
    case_salt: str | None = None
    needs_again: tuple[str, ...] = ()

    @property
    def thread(self) -> str:
        """Return the subject of the step: an offer, a need, or the case."""
        return self.offer_id or self.need or "case"

    @property
    def word(self) -> str:
        """The step in the source's words."""
        return WORDS[self.what]


def with_step(steps: Iterable[Step], step: Step) -> tuple[Step, ...]:
    """Add a step in the order of the sequence; the same step twice is there once."""
    known = {other.sequence: other for other in (*steps, step)}
    return tuple(known[sequence] for sequence in sorted(known))


def status_of(steps: Iterable[Step], needs: Iterable[str] = ()) -> str:
    """Return the case in one word: closed when referral closed it, else the most advanced of its threads.

    The latest step of each thread decides its state, so a late event changes the timeline and never the present. `needs` are
    those of the report.
    """
    steps = tuple(steps)
    latest = _latest(steps)
    if "case" in latest and latest["case"].word == "closed":
        return "closed"
    words = needs_of(steps, needs)
    if words and set(words.values()) == {"completed"}:
        return "completed"
    open_words = [word for word in words.values() if word != "completed"] or [step.word for step in latest.values()]
    return max(open_words, key=_RANK.index, default="received")


def needs_of(steps: Iterable[Step], needs: Iterable[str] = ()) -> Mapping[str, str]:
    """Return the state of each need: the most advanced of its offers since it was last asked for again.

    Intake does not subscribe to `referral.offered`: help is looked for all `needs` of the report once there is a step.
    """
    steps = tuple(steps)
    begun = {need: step.sequence for step in sorted(steps, key=lambda each: each.sequence) for need in step.needs_again}
    words = dict.fromkeys(begun, WORDS[REOPENED])
    for step in sorted(_latest(steps).values(), key=lambda each: each.sequence):
        if step.need is None or step.sequence < begun.get(step.need, 0):
            continue
        before = words.get(step.need)
        is_behind = before is not None and _RANK.index(step.word) < _RANK.index(before)
        if not is_behind:
            words[step.need] = step.word
    looked_for = dict.fromkeys(needs, WORDS[OPENED]) if steps else {}
    return looked_for | words


@dataclass(frozen=True)
class Turn:
    """A moment at which something changed that the source may know; `need` None: the whole case."""

    at: datetime
    word: str
    need: str | None


def turns_of(steps: Iterable[Step]) -> tuple[Turn, ...]:
    """Return the steps that a source may know: those that leave a need unchanged are not shown."""
    known: dict[str | None, str] = {}
    turns: list[Turn] = []
    past: list[Step] = []
    for step in sorted(steps, key=lambda each: each.sequence):
        past.append(step)
        word = needs_of(past)[step.need] if step.need else step.word
        if word != known.get(step.need, WORDS[OPENED] if step.need else None):
            turns.append(Turn(step.at, word, step.need))
        known[step.need] = word
    return tuple(turns)


def case_salt_of(steps: Iterable[Step], offer_id: str) -> str | None:
    """Return the salt of the reference by which the offer's partner knows the case, also after its work has ended."""
    return next((step.case_salt for step in steps if step.offer_id == offer_id and step.case_salt), None)


def partner_is_at_work(steps: Iterable[Step], offer_id: str) -> bool:
    """Return True if, by the last event of an offer, its partner works on it: a recall may have arrived first."""
    last = _latest(steps).get(offer_id)
    return last is not None and last.word in ("accepted", "in_progress")


def partner_has_begun(steps: Iterable[Step], offer_id: str) -> bool:
    """Return True if any event of an offer has come: its acceptance, or what followed it."""
    return any(step.offer_id == offer_id for step in steps)


def _latest(steps: Iterable[Step]) -> dict[str, Step]:
    latest: dict[str, Step] = {}
    for step in sorted(steps, key=lambda each: each.sequence):
        latest[step.thread] = step
    return latest
