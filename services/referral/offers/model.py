"""One offer to one partner for one need, and its states.

    offered ─▶ received ─▶ accepted ─▶ started ─▶ completed
       └──────────┴─▶ declined        └──────┴─▶ failed
       └──────────┴─▶ expired         └──────┴─▶ recalled
       └──────────┴─▶ withdrawn

It only ever moves to the right. A reply that comes late, twice or out of order is answered by the present state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ngao.kernel.actors import Actor
from ngao.kernel.records import stored_as
from services.referral.cases.facts import Reason


class State(StrEnum):
    """The state of an offer."""

    OFFERED = "offered"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    STARTED = "started"
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    RECALLED = "recalled"


OPEN = frozenset({State.OFFERED, State.RECEIVED})
AT_WORK = frozenset({State.ACCEPTED, State.STARTED})
LIVE = OPEN | AT_WORK
ENDED_BY_COALITION = frozenset({State.EXPIRED, State.WITHDRAWN, State.RECALLED})
"""Ends of which an event informs the partner."""

CONTACT, NARRATIVE = "contact", "narrative"
REVOKED = "partner_revoked"
"""Why an offer is withdrawn from a partner that was revoked, and why a human is notified of what that partner had accepted."""
BY_OPERATOR = "operator"
"""Why an offer ends when an operator settles its need, or its partner is suspended, not vetted or without a key any more."""

RESTRICTED, NOT_COVERED = "restriction_added", "consent_withdrawn"
"""Why an offer is withdrawn when the person never wants this partner, and when consent does not cover it any more."""

DISCLOSED, WITHHELD = "disclosed", "withheld"


class Verb(StrEnum):
    """The replies of a partner."""

    RECEIPT = "receipt"
    ACCEPT = "accept"
    DECLINE = "decline"
    START = "start"
    COMPLETE = "complete"
    FAIL = "fail"


class ReplyOutcome(StrEnum):
    """The outcome of a reply.

    DONE: it moves the offer. REPEAT: it was applied before, or a later state includes it; it changes nothing.
    EARLY: it needs an acceptance, which has not arrived. LATE: the offer's state does not allow it any more, and is the answer.
    """

    DONE = "done"
    REPEAT = "repeat"
    EARLY = "early"
    LATE = "late"


@dataclass(frozen=True)
class Reply:
    """A partner's reply to an offer; `detail` is the coded reason of a decline or a failure, or the coded outcome.

    An acceptance carries the partner's `signature`, which the disclosing services verify for themselves. `by` is the account of
    the person who answered at the console; None where the partner's own program did.
    """

    offer_id: str
    verb: Verb
    detail: str = ""
    signature: str = ""
    signature_key_id: str = ""
    by: Actor | None = None


@dataclass(frozen=True)
class _Move:
    """From which states a verb moves an offer, where to, and in which states it is evidently a repetition."""

    from_states: frozenset[State]
    target: State
    repeats: frozenset[State]


_DONE = frozenset({State.COMPLETED})
_MOVES = {
    Verb.RECEIPT: _Move(frozenset({State.OFFERED}), State.RECEIVED, frozenset(State) - {State.OFFERED}),
    Verb.ACCEPT: _Move(OPEN, State.ACCEPTED, AT_WORK | _DONE),
    Verb.DECLINE: _Move(OPEN, State.DECLINED, frozenset({State.DECLINED})),
    Verb.START: _Move(frozenset({State.ACCEPTED}), State.STARTED, frozenset({State.STARTED}) | _DONE),
    Verb.COMPLETE: _Move(AT_WORK, State.COMPLETED, _DONE),
    Verb.FAIL: _Move(AT_WORK, State.FAILED, frozenset({State.FAILED})),
}
_AFTER_ACCEPT = frozenset({Verb.START, Verb.COMPLETE, Verb.FAIL})


@dataclass
class Offer:
    """The question to one partner whether it takes one need of a case, and what has followed.

    `attempt` is its number among all offers for this need. `due` is the end of the present wait, whichever that is; `detail` the
    coded reason or outcome that ended the offer.
    `reasons` are why this partner was chosen, not why the offer ended: that is `detail`.
    `early` are replies kept until the acceptance comes, `late` the verbs of late replies, each answered once. `signature` is
    the partner's own over its acceptance, by its key `signature_key_id`.
    `contact` and `narrative` are what the disclosing services did for this acceptance, empty until they have; their sequences are
    those of the events that say so. `disclose_by` is when both must be known, `undisclosed_since` the moment that passed without
    that. `alarms` are the reasons of the alarms about this offer. `case_salt` makes the reference by which this partner knows
    the case.
    """

    id: str
    need: str
    partner_id: str
    attempt: int
    made_at: datetime
    due: datetime | None
    policy_version: str
    reasons: tuple[Reason, ...] = ()
    state: State = State.OFFERED
    received: bool = False
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    detail: str = ""
    signature: str = ""
    signature_key_id: str = ""
    early: list[tuple[str, str]] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    contact: str = ""
    narrative: str = ""
    contact_sequence: int = 0
    narrative_sequence: int = 0
    case_salt: str = ""
    disclose_by: datetime | None = None
    undisclosed_since: datetime | None = None
    alarms: list[str] = field(default_factory=list, metadata=stored_as("told_of"))

    @property
    def open(self) -> bool:
        """Return True if it waits for an answer."""
        return self.state in OPEN

    @property
    def at_work(self) -> bool:
        """Return True if the partner has accepted and not yet finished."""
        return self.state in AT_WORK

    @property
    def live(self) -> bool:
        """Return True if it has not ended."""
        return self.state in LIVE

    def outcome_of(self, verb: Verb) -> ReplyOutcome:
        """Return the outcome that a reply would have now."""
        move = _MOVES[verb]
        if self.state in move.from_states:
            return ReplyOutcome.DONE
        if self.state in move.repeats:
            return ReplyOutcome.REPEAT
        if self.open and verb in _AFTER_ACCEPT:
            return ReplyOutcome.EARLY
        return ReplyOutcome.LATE

    def move(self, verb: Verb, detail: str, now: datetime, due: datetime | None) -> None:
        """Apply a reply whose outcome is DONE; `due` is the end of the wait that begins, None to leave it as it is."""
        self.received = True
        self.state = _MOVES[verb].target
        if verb is Verb.ACCEPT:
            self.accepted_at = now
        self.due = due or self.due
        if not self.live:
            self._end(self.state, detail, now)

    def note_disclosure(self, part: str, answer: str, sequence: int | None) -> bool:
        """Record a disclosing service's answer for this acceptance; with both answers the wait ends.

        Returns False for an answer that comes late, after a newer one of the same service: the newer one counts.
        """
        known = self.contact_sequence if part == CONTACT else self.narrative_sequence
        if sequence is not None and sequence < known:
            return False
        if part == CONTACT:
            self.contact, self.contact_sequence = answer, sequence or known
        else:
            self.narrative, self.narrative_sequence = answer, sequence or known
        if not self.undisclosed:
            self.disclose_by = self.undisclosed_since = None
        return True

    def miss_disclosure(self) -> None:
        """Mark the wait for both answers as expired; it stays visible until they come or the offer ends."""
        self.undisclosed_since, self.disclose_by = self.disclose_by, None

    @property
    def detail_for_partner(self) -> str:
        """Return `detail` as the partner itself may know it: that the person never wants it stays with the coalition."""
        return NOT_COVERED if self.detail == RESTRICTED else self.detail

    @property
    def undisclosed(self) -> tuple[str, ...]:
        """Return the parts that were neither disclosed nor withheld yet."""
        return tuple(part for part, answer in ((CONTACT, self.contact), (NARRATIVE, self.narrative)) if not answer)

    def expire(self, now: datetime) -> None:
        """Expire it without an answer."""
        self._end(State.EXPIRED, "", now)

    def withdraw_or_recall(self, reason: str, now: datetime) -> None:
        """Withdraw it while it is open, recall it when it is accepted."""
        self._end(State.WITHDRAWN if self.open else State.RECALLED, reason, now)

    def _end(self, state: State, detail: str, now: datetime) -> None:
        self.state, self.detail, self.ended_at = state, detail, now
        self.due = self.disclose_by = self.undisclosed_since = None
