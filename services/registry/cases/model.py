"""A case as the registry sees it: one report's person, that report's facts, and the consents given for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ngao.kernel.consent import ConsentSnapshot, Statement, said, stated
from ngao.kernel.records import stored_as
from services.registry.people.identity import ReportedIdentity
from services.registry.people.model import Person


class CaseState(StrEnum):
    """The state of a case. A withdrawn one never opens again; erased means that retention has erased the report's facts."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    ERASED = "forgotten"


@dataclass
class Case:
    """One case.

    `defender_ref` is the record made or found when it came; `facts` are what the report has about the person. `facts_added` is
    true when the person's record includes that identity and what was said of the person at the same moment is published.
    `consent_snapshots` are the source's consents as each event stated them; `published` is what others know of the person,
    `person_statements` all that has been published to them as said by the person for all cases and was not retracted,
    `restricted` the partners that intake knows not to be wanted.
    `contact_stated_at` is when an update last stated how the person is reached; None means the report itself did.
    `ended` are the consents whose end by their date was acted on.
    """

    id: str
    defender_ref: str | None
    resolution: str
    urgent: bool
    facts: ReportedIdentity = field(metadata=stored_as("told"))
    received_at: datetime
    consent_snapshots: tuple[ConsentSnapshot, ...] = field(metadata=stored_as("tellings"))
    policy_version: str
    state: CaseState = CaseState.OPEN
    statements: tuple[Statement, ...] = ()
    intake_sequence: int = 0
    withdrawn_at: datetime | None = None
    facts_added: bool = field(default=True, metadata=stored_as("absorbed"))
    published: tuple[str, ...] = field(default=(), metadata=stored_as("said"))
    person_statements: tuple[Statement, ...] = ()
    restricted: tuple[str, ...] = ()
    corrected: Mapping[str, int] = field(default_factory=dict)
    contact_stated_at: datetime | None = None
    ended: tuple[Statement, ...] = ()
    revision: int = field(default=0, compare=False)

    @property
    def is_open(self) -> bool:
        """Return True if facts about the person may still be disclosed for it."""
        return self.state is CaseState.OPEN

    @property
    def reported(self) -> tuple[Statement, ...]:
        """Return the source's consents as they are now."""
        return stated(self.consent_snapshots)

    @property
    def consent_ends_at(self) -> datetime | None:
        """Return when the next consent ends that was not acted on; None if none does, or if all facts are erased."""
        if self.state is CaseState.ERASED:
            return None
        return min((each.until for each in self._ending() if each.until), default=None)

    def ended_consents(self, now: datetime) -> tuple[Statement, ...]:
        """Return the consents that have ended by now and were not acted on, each once."""
        found = {said(each): each for each in self._ending() if each.until and each.until <= now}
        return tuple(found.values())

    def reopen_ends(self, now: datetime) -> None:
        """Act again on ends that lie ahead: a clock that has been set back had acted on them too early."""
        self.ended = tuple(each for each in self.ended if each.until and each.until <= now)

    def _ending(self) -> list[Statement]:
        every = (*self.reported, *self.statements, *self.person_statements)
        done = {said(each) for each in self.ended}
        return [each for each in every if each.granted and each.until and said(each) not in done]

    def advance_to(self, sequence: int | None) -> bool:
        """Record the last of intake's events that was handled. Returns False when a later one was handled already."""
        newer = sequence is None or sequence > self.intake_sequence
        self.intake_sequence = max(self.intake_sequence, sequence or 0)
        return newer

    def store_consents(self, consents: tuple[Statement, ...], sequence: int | None) -> None:
        """Store the consent snapshot of one event, once. An event without a sequence counts as the newest."""
        known = {stated.sequence for stated in self.consent_snapshots}
        if sequence is None or sequence not in known:
            number = max(known, default=0) + 1 if sequence is None else sequence
            self.consent_snapshots = (*self.consent_snapshots, ConsentSnapshot(number, consents))

    def correct(self, facts: ReportedIdentity, sequence: int | None, at: datetime) -> frozenset[str]:
        """Store the corrections of an update, part by part, unless a later one was stored before. Returns these parts' names.

        Each given list of an identity replaces the old one; contact safety is replaced as a whole, `at` this time.
        """
        number = self.intake_sequence if sequence is None else sequence
        parts = {"identity": facts.identity, "attributes": facts.attributes, "contact_safety": facts.contact_safety}
        newer = frozenset(name for name, part in parts.items() if part and self.corrected.get(name, 0) < number)
        if "identity" in newer and facts.identity:
            self.facts = replace(self.facts, identity=facts.identity.over(self.facts.identity))
        if "attributes" in newer:
            self.facts = replace(self.facts, attributes={**self.facts.attributes, **facts.attributes})
        if "contact_safety" in newer:
            self.facts, self.contact_stated_at = replace(self.facts, contact_safety=facts.contact_safety), at
        self.corrected = {**self.corrected, **dict.fromkeys(newer, number)}
        return newer

    def record_statement(self, statement: Statement) -> None:
        """Record a statement of the person to an operator about this case."""
        self.statements = (*self.statements, statement)

    def record_published(self, statements: Iterable[Statement]) -> None:
        """Record that these were published for the case as the person's; each counts once, whatever is left of its scope."""
        known = {said(each): each for each in self.person_statements}
        self.person_statements = tuple((known | {said(each): each for each in statements}).values())

    def retract(self, person: Person) -> list[Statement]:
        """Return the published statements that are not this person's, and record that they are retracted."""
        own = {said(each) for each in person.statements}
        others = [each for each in self.person_statements if said(each) not in own]
        self.person_statements = tuple(each for each in self.person_statements if said(each) in own)
        return others

    def withdraw(self, at: datetime) -> None:
        """Mark it as withdrawn by the source."""
        self.state = CaseState.WITHDRAWN
        self.withdrawn_at = at

    def erase(self) -> None:
        """Erase all facts of the report about the person; the case itself remains."""
        self.state = CaseState.ERASED
        self.facts = ReportedIdentity()
