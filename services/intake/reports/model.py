"""A report, from the moment it is accepted: who it is about is already sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ngao.kernel.consent import ConsentChange, Statement, carried_over, holding, with_change
from ngao.kernel.records import stored_as
from ngao.kernel.urgency import CRITICAL, rank
from services.intake.reports.acts import Dating, with_acts
from services.intake.reports.draft import DateDoubt, Person, Place, Violation
from services.intake.reports.partners import PartnerAtWork
from services.intake.reports.progress import CLOSED, OPENED, REOPENED, Step, Turn, needs_of, status_of, turns_of, with_step
from services.intake.triage.model import Facts, Reason, Triage

BY_OPERATOR = "operator"
"""In place of a rule's name, in the reasons of an urgency that an operator decided."""
SOONEST_AGAIN = timedelta(seconds=30)
LATEST_AGAIN = timedelta(hours=1)
"""A report that no case was opened for is published again after the first, then after twice its age, at least this often."""


@dataclass(frozen=True)
class SealedIdentity:
    """A box that only the registry opens, and which of its keys."""

    key_id: str
    box: str


@dataclass(frozen=True)
class Update:
    """Later facts from the source; None means: nothing new about that. `key` is the source's own name for the update, if any.

    `restates` is true for an edited form: it repeats what has not changed, and a narrative that is known is no news.
    `occurred_at` is the date that an edited form states, of the report as a whole; `doubt` is there if it is not the one stated.
    """

    violations: tuple[Violation, ...] | None = None
    needs: tuple[str, ...] | None = None
    consents: tuple[Statement, ...] | None = None
    narrative: str | None = field(default=None, repr=False)
    person: Person | None = field(default=None, repr=False)
    place: Place | None = None
    key: str = ""
    restates: bool = False
    occurred_at: datetime | None = None
    occurred_precision: str = ""
    doubt: DateDoubt | None = None


@dataclass(frozen=True)
class LeftOut:
    """Something of a native body that could not be read: its JSON pointer and a code; never the value."""

    field: str
    code: str


@dataclass(frozen=True)
class MappedBy:
    """Which profile made the report of a native body, the names of what it dropped, and what of it could not be read."""

    version: str
    discarded: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Decision:
    """An operator's decision on the urgency, its reason by code, and what machines knew: the rules that fired, the points."""

    urgency: str
    reason: str
    rules: tuple[str, ...]
    points: int

    def knew(self, fresh: Triage) -> bool:
        """Return True if a triage has nothing that was not known when it was decided."""
        return fresh.points <= self.points and {reason.rule for reason in fresh.reasons} <= set(self.rules)


@dataclass
class Report:
    """One report, its case and what has followed.

    `narrative_parts` and `attachments` are sealed with the case's data key, so that intake can open them; `person_keys`,
    `fingerprint` and `updates_seen` are keyed hashes.
    `needs` is all that help is looked for; `needs_proposed` are those that no source asked for. `triage` knows every report
    about the person and is for operators, duty officers and partners; `triage_for_source` knows this source's reports only
    (law 10). `steps` is the timeline as far as intake knows it, `partners` are those that accepted,
    by the id of their offer.
    `restricted` are the partners that the person never wants, by the registry's event of `restricted_sequence`.
    `county` is where it happened, until an update says where the person is now; partners are matched by it.
    `doubt` is there if `occurred_at` is not what was stated.
    `republish_at` is None once another service is known to have the case. `triage_others_at` is None once other reports about the
    person have been triaged with what is new in this one.
    """

    id: str
    case_ref: str
    source_id: str
    source_event_id: str
    fingerprint: str
    received_at: datetime
    occurred_at: datetime
    occurred_precision: str
    reporter_role: str
    violations: tuple[Violation, ...]
    needs: tuple[str, ...]
    needs_proposed: tuple[str, ...]
    county: str
    place_precision: str
    languages: tuple[str, ...]
    consents: tuple[Statement, ...]
    triage: Triage
    triage_for_source: Triage | None = field(default=None, metadata=stored_as("told"))
    decision: Decision | None = None
    defender_ref: str | None = None
    sealed_identity: SealedIdentity | None = None
    person_keys: tuple[str, ...] = ()
    narrative_parts: tuple[bytes, ...] = ()
    attachments: bytes | None = None
    consent_history: tuple[ConsentChange, ...] = field(default=(), metadata=stored_as("consent_changes"))
    restricted: tuple[str, ...] = ()
    restricted_sequence: int = 0
    steps: tuple[Step, ...] = field(default=(), metadata=stored_as("story"))
    partners: Mapping[str, PartnerAtWork] = field(default_factory=dict, metadata=stored_as("helpers"))
    updates_seen: tuple[str, ...] = ()
    mapping: MappedBy | None = None
    doubt: DateDoubt | None = None
    updated_at: datetime | None = None
    republish_at: datetime | None = field(default=None, metadata=stored_as("tell_again_at"))
    triage_others_at: datetime | None = field(default=None, metadata=stored_as("judge_others_at"))
    withdrawn_at: datetime | None = None
    erased_at: datetime | None = field(default=None, metadata=stored_as("forgotten_at"))
    revision: int = 0

    @property
    def status(self) -> str:
        """Return the state of the report, in one word."""
        return "withdrawn" if self.withdrawn_at else status_of(self.steps, self.needs)

    @property
    def progress(self) -> dict[str, str]:
        """Return the state of each need, as the source may know it."""
        known = needs_of(self.steps, self.needs)
        return {need: known.get(need, "received") for need in self.needs}

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Return the steps that the source may know."""
        return turns_of(self.steps)

    @property
    def closed_at(self) -> datetime | None:
        """Return since when nothing is left to do: None while the case is open, also when a new fact has reopened it.

        A later update counts: referral may be about to reopen the case for it.
        """
        last = next((step for step in reversed(self.steps) if step.what in (CLOSED, REOPENED)), None)
        return max(last.at, self.updated_at or last.at) if last and last.what == CLOSED else None

    def is_past(self, moment: str, end: datetime) -> bool:
        """Return True if one of its dates, `received`, `closed` or `withdrawn`, is no later than an end."""
        dates = {"received": self.received_at, "closed": self.closed_at, "withdrawn": self.withdrawn_at}
        at = dates[moment]
        return at is not None and at <= end

    @property
    def is_critical(self) -> bool:
        """Return True if its events overtake others."""
        return self.triage.urgency == CRITICAL

    def facts(self, now: datetime) -> Facts:
        """Return the facts for triage; a need that was proposed is not a need that was asked for."""
        asked = self.needs_asked
        return Facts(self.violations, self.occurred_at, self.occurred_precision, self.reporter_role, asked, now, self.received_at)

    @property
    def needs_asked(self) -> tuple[str, ...]:
        """Return the needs that the source itself asked for."""
        return tuple(need for need in self.needs if need not in self.needs_proposed)

    def apply(self, update: Update, now: datetime, proposed: tuple[str, ...] = (), county: str | None = None) -> tuple[str, ...]:
        """Apply later facts: violations and needs add up, consents replace those before. Returns what is new by name.

        `proposed` are the needs that the update's violations suggest, `county` is where its place is.
        """
        before = self._parts()
        if update.violations:
            undated_from = None if update.occurred_at else now
            dating = Dating(self.occurred_at, self.occurred_precision, undated_from, apart=not update.restates)
            self.violations = with_acts(self.violations, update.violations, dating)
        if update.occurred_at and not (update.doubt and update.doubt == self.doubt):
            self.occurred_at, self.occurred_precision, self.doubt = update.occurred_at, update.occurred_precision, update.doubt
        self._add_needs(update.needs or (), proposed)
        if update.consents is not None:
            self.consents = carried_over(self.consents, update.consents, now)
        if update.place and county:
            self.county, self.place_precision = county, update.place.precision
        self.updated_at = now
        return tuple(name for name, part in self._parts().items() if part != before[name])

    def _add_needs(self, asked: tuple[str, ...], proposed: tuple[str, ...]) -> None:
        still = (need for need in (*self.needs_proposed, *proposed) if need not in asked and need not in self.needs_asked)
        self.needs, self.needs_proposed = tuple(dict.fromkeys((*self.needs, *asked, *proposed))), tuple(dict.fromkeys(still))

    def _parts(self) -> dict[str, object]:
        return {"violations": self.violations, "needs": self.needs, "consent": self.consents, "county": self.county}

    def add_triage(self, fresh: Triage, for_source: Triage) -> None:
        """Store a new triage. Machines may raise an urgency, only a human lowers one: the old one stays if it is higher."""
        self._replace_triage(fresh)
        self.triage_for_source = _higher(self.triage_for_source, for_source) if self.triage_for_source else for_source

    def note_others_to_triage(self, now: datetime) -> None:
        """Note that other reports about the person are to be triaged with it."""
        self.triage_others_at = now if self.person_keys else None

    def raise_to(self, fresh: Triage) -> bool:
        """Store a triage that no source may know, only operators, duty officers and partners; False if it is no more urgent."""
        before = self.triage
        if rank(fresh.urgency) < rank(before.urgency):
            self._replace_triage(fresh)
        return self.triage is not before

    def decide(self, urgency: str, reason: str, text: str) -> None:
        """Store an operator's decision on the urgency: it holds until something is known that was not known then."""
        fired = tuple(each for each in self.triage.reasons if each.rule != BY_OPERATOR)
        self.decision = Decision(urgency, reason, tuple(each.rule for each in fired), self.triage.points)
        self.triage = replace(self.triage, urgency=urgency, reasons=(Reason(BY_OPERATOR, text), *fired))

    def _replace_triage(self, fresh: Triage) -> None:
        if self.decision and self.decision.knew(fresh):
            return
        if _higher(self.triage, fresh) is fresh:
            self.triage, self.decision = fresh, None

    def withdraw(self, now: datetime) -> bool:
        """Withdraw the report; False if that was done before."""
        if self.withdrawn_at:
            return False
        self.withdrawn_at = now
        return True

    def erase(self, now: datetime) -> bool:
        """Erase who it is about and what they reported; that there was a report is kept. False if that was done before."""
        if self.erased_at:
            return False
        self.erased_at, self.fingerprint, self.partners = now, "", {}
        self.republish_at = self.triage_others_at = None
        self.sealed_identity = self.attachments = self.defender_ref = None
        self.person_keys = self.narrative_parts = self.updates_seen = self.restricted = ()
        return True

    def note(self, step: Step) -> None:
        """Record a step of the referral; that it has opened the case means that every service has the report."""
        self.steps = with_step(self.steps, step)
        if step.what in (OPENED, CLOSED):
            self.republish_at = None

    def republish_if_due(self, now: datetime) -> bool:
        """Note that it is published again now; False if it is not time, or no longer needed."""
        # One that is further ahead than any wait was set by a clock that was wrong.
        if self.republish_at is None or now < self.republish_at <= now + LATEST_AGAIN:
            return False
        self.republish_at = now + min(max(now - self.received_at, SOONEST_AGAIN), LATEST_AGAIN)
        return True

    @property
    def consent_changes(self) -> tuple[Statement, ...]:
        """Return the consents given or withdrawn at the registry that hold for this report."""
        return holding(self.consent_history)

    def note_consent(self, change: ConsentChange) -> None:
        """Record a consent given, withdrawn or retracted at the registry; twice is once."""
        self.consent_history = tuple(sorted(with_change(self.consent_history, change), key=lambda each: each.statement.at))

    def restrict(self, partner_ids: tuple[str, ...], sequence: int) -> bool:
        """Record the partners that the person never wants; False if a later statement of the registry is known."""
        if sequence < self.restricted_sequence:
            return False
        self.restricted, self.restricted_sequence = partner_ids, sequence
        return True

    def keep_partner(self, partner: PartnerAtWork) -> None:
        """Record a partner that works on the case, so that later facts reach it too.

        It stays when its work is over: what it holds may have to be recalled, and recalled once.
        """
        self.partners = {**self.partners, partner.offer_id: partner}


def _higher(old: Triage, fresh: Triage) -> Triage:
    return fresh if rank(fresh.urgency) <= rank(old.urgency) else old
