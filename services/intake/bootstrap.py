"""Puts intake together; the only place that knows all of its parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from ngao.chassis.chassis import Chassis
from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.chassis.measuring import OFTEN_S, SELDOM_S
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.security.sealed_boxes import AnnouncedBoxes
from ngao.chassis.storage.recipients import UnitRecipients, Vouchers
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from ngao.kernel.actors import Actor
from services.intake import policy as policy_files
from services.intake import settings as own_settings
from services.intake.dry_runs.guard import DryRunGuard
from services.intake.dry_runs.store import DryRunCounter
from services.intake.dry_runs.validate import validate_report
from services.intake.mapping.post_native import NativeForms
from services.intake.mapping.profiles import Profile
from services.intake.mapping.receive_form import receive_form
from services.intake.ports import Desk
from services.intake.quarantine.shelf import NATIVE, Quarantine
from services.intake.reports.disclose_narrative import narrative_may_leave
from services.intake.reports.documents import DOCUMENTS
from services.intake.reports.draft import Draft
from services.intake.reports.events import NARRATIVE_DISCLOSED, UnitAnnouncer, change_of, helper_of, step_of, update_of
from services.intake.reports.follow_consent import note_consent
from services.intake.reports.follow_referral import note_progress, note_vouch
from services.intake.reports.forget import forget_due
from services.intake.reports.model import Report
from services.intake.reports.posted import Posted
from services.intake.reports.problems import MappedBy
from services.intake.reports.read_case import Reader, Told, show_case, show_narrative
from services.intake.reports.references import RandomIds
from services.intake.reports.republish import tell_again
from services.intake.reports.responses import show_case_report
from services.intake.reports.schemas import pointing
from services.intake.reports.show_status import tell_status
from services.intake.reports.store import ReportRepository, SourceCredentials, SourceRepository
from services.intake.reports.submit import Receipt, receive_report
from services.intake.reports.update import update_report
from services.intake.reports.vault import BoxSeals, CaseVault, LookupHashes
from services.intake.reports.withdraw import withdraw_report
from services.intake.sources.model import Source
from services.intake.sources.put import SourceSettings, find_source, put_source
from services.intake.triage.decide_urgency import Decided, decide_urgency
from services.intake.triage.judge_earlier import judge_earlier

_AT_ONCE = 100
_OPENED_WITHIN = timedelta(minutes=2)

NewKey = Callable[[str], tuple[str, str]]


class App:
    """What intake's entrypoints call: each method opens a unit of work and runs one use case in it."""

    def __init__(self, chassis: Chassis, policy: policy_files.IntakePolicy, own: own_settings.OwnSettings) -> None:
        self.credentials = SourceCredentials()
        self._units = chassis.units
        self._metrics = chassis.metrics
        self._kept = chassis.kept
        self._policy = policy
        self._hashes = LookupHashes(chassis.keyring)
        self._vouchers = Vouchers(chassis.settings.keys_directory)
        self._seals = BoxSeals(chassis.settings.public_keys_directory, chassis.clock)
        self.boxes = AnnouncedBoxes(chassis.settings.keys_directory, chassis.settings.public_keys_directory, "intake")
        self._ids = RandomIds()
        self._status = f"{chassis.settings.http.public_url}/v1/reports/"
        self._log = get_logger("intake")
        quarantine = Quarantine(chassis.parking.shelf(NATIVE), own.quarantine, chassis.metrics)
        self.forms = NativeForms(
            chassis.units, quarantine, profile_of=self._profile, vocabulary=policy.rules.vocabulary, receive=self._receive
        )
        counter = DryRunCounter(chassis.store.durable("dry_runs"))
        self._dry_runs = DryRunGuard(chassis.units, self._desk, counter, own.dry_runs, chassis.metrics)

    def receive(self, source_id: str, posted: Posted, trace: str | None) -> dict[str, Any]:
        """Take one report in."""
        return self._units.run(lambda unit: self.take(unit, source_id, posted), trace)

    def receive_many(self, source_id: str, items: list[Posted | Exception]) -> list[dict[str, Any] | Exception]:
        """Take many in, committed together; each gets its own answer."""
        works: list[Callable[[Unit], dict[str, Any] | Exception]] = [
            partial(self._take_item, source_id=source_id, posted=each) for each in items if isinstance(each, Posted)
        ]
        done = iter(self._units.run_all(works))
        return [next(done) if isinstance(each, Posted) else each for each in items]

    def take(self, unit: Unit, source_id: str, posted: Posted) -> dict[str, Any]:
        """Take one report in, within a unit that somebody else commits."""
        with pointing(lambda pointer: posted.prefix + pointer):
            return self._receipt(receive_report(self._desk(unit), source_id, self._read(posted)))

    def _read(self, posted: Posted) -> Draft:
        return posted.read(self._policy.rules.vocabulary)

    def validate(self, source_id: str, posted: Posted) -> dict[str, Any]:
        """Foresee what would become of a report. Raises TooManyRequests for a source that asks about people too often."""
        with pointing(lambda pointer: posted.prefix + pointer):
            draft = self._read(posted)
            if draft.person.is_named:
                self._dry_runs.admit(source_id, draft.person)
            foreseen = validate_report(self._desk(self._units.read()), source_id, draft)
        triage = foreseen.triage
        return {
            "valid": True, "urgency": triage.urgency, "reasons": triage.reasons, "points": triage.points,
            "policy_version": triage.policy_version, "needs": foreseen.needs, "needs_suggested": foreseen.needs_suggested,
            "county": foreseen.county,
        }  # fmt: skip

    def status(self, source_id: str, report_id: str) -> Report:
        """The report, for its own source."""
        return tell_status(self._desk(self._units.read()), source_id, report_id)

    def update(
        self, source_id: str, report_id: str, later: dict[str, Any], key: str | None, trace: str | None
    ) -> dict[str, Any]:
        """Take later facts in; `key` names the update if it bears no name itself."""
        update = update_of({"update_id": key, **later})
        return self._receipt(
            self._units.run(lambda unit: update_report(self._desk(unit), source_id, report_id, update), trace)
        )

    def withdraw(self, source_id: str, report_id: str, trace: str | None) -> Report:
        """Take a report back."""
        return self._units.run(lambda unit: withdraw_report(self._desk(unit), source_id, report_id), trace)

    @property
    def read_reasons(self) -> tuple[str, ...]:
        """For what an operator may read a report: codes of policy."""
        return self._policy.read_reasons

    def case_report(self, case_ref: str, reader: Reader) -> dict[str, Any]:
        """What a report says in codes, for an operator."""
        report = self._units.run(lambda unit: show_case(self._desk(unit), case_ref, reader))
        return show_case_report(report, self._policy.rules.vocabulary.violations)

    def narrative(self, case_ref: str, reader: Reader) -> Told:
        """What was told in words, for an operator."""
        return self._units.run(lambda unit: show_narrative(self._desk(unit), case_ref, reader))

    def decide_urgency(self, case_ref: str, wanted: dict[str, Any], actor: Actor, trace: str | None) -> Decided:
        """Set the urgency of a case, for those who help."""
        return self._units.run(
            lambda unit: decide_urgency(self._desk(unit), case_ref, wanted["urgency"], wanted["reason"], actor), trace
        )

    def hear_step(self, unit: Unit, event: Event) -> None:
        """A step of the referral."""
        note_progress(self._desk(unit), event.data["case_ref"], step_of(event))

    def hear_acceptance(self, unit: Unit, event: Event) -> None:
        """A partner took the referral: it gets the narrative."""
        if event.data["again"]:
            note_vouch(self._desk(unit), event.data["case_ref"], helper_of(event))
        else:
            note_progress(self._desk(unit), event.data["case_ref"], step_of(event), helper_of(event))

    def narrative_may_leave(self, unit: Unit, event: Event) -> bool:
        """`intake.narrative.disclosed` is about to be sent: whether it still may be."""
        return narrative_may_leave(self._desk(unit), event.subject, event.data["offer_id"], event.data["partner_id"])

    def hear_consent(self, unit: Unit, event: Event) -> None:
        """A consent was given or withdrawn."""
        note_consent(self._desk(unit), event.data["case_ref"], change_of(event))

    def forget(self) -> None:
        """Forget the reports whose time is over, batch after batch; several processes may do it at once."""
        while due := ReportRepository(unit := self._units.read()).due(self._policy.retention.ends("reports", unit.now), _AT_ONCE):
            works: list[Callable[[Unit], None]] = [partial(self._forget, report_id=report_id, why=why) for report_id, why in due]
            for failed in (each for each in self._units.run_all(works) if each is not None):
                raise failed

    def tell_again(self) -> None:
        """Tell reports again that no case was opened for: a bounded number at once, so that a backlog does not grow by it."""
        due = ReportRepository(unit := self._units.read()).unopened(unit.now, _AT_ONCE)
        works: list[Callable[[Unit], bool]] = [partial(self._tell_again, report_id=report_id) for report_id in due]
        told = sum(each is True for each in self._units.run_all(works))
        if told:
            self._log.warning("reports.told_again", count=told)

    def judge_earlier(self) -> None:
        """Judge again what new reports and facts may have made more urgent: a bounded number at once, the rest in a moment.

        Where two raise the same report, the second is done again by itself. What fails is tried again and holds no other up.
        """
        due = ReportRepository(self._units.read()).with_unjudged_others(_AT_ONCE)
        works: list[Callable[[Unit], int]] = [partial(self._judge_earlier, report_id=report_id) for report_id in due]
        for failed in (each for each in self._units.run_all(works) if isinstance(each, Exception)):
            self._log.warning("reports.judging_failed", error=type(failed).__name__)

    def measure_openings(self) -> None:
        """Tell which reports should have become cases by now and have not."""
        unit = self._units.read()
        count, first = ReportRepository(unit).still_unopened(unit.now - _OPENED_WITHIN)
        self._metrics.overdue("opening", count, (unit.now - first - _OPENED_WITHIN).total_seconds() if first else 0.0)

    def measure(self) -> None:
        """Tell what should be forgotten by now and is not."""
        unit = self._units.read()
        late, longest = ReportRepository(unit).overdue(self._policy.retention.ends("reports", unit.now))
        self._metrics.overdue("retention", late, longest.total_seconds())

    def put_source(self, source_id: str, settings: dict[str, Any], new_key: NewKey, actor: Actor) -> tuple[Source, str | None]:
        """Make or change a source."""
        given = {name: value for name, value in settings.items() if name not in ("new_key", "revoke_old_keys")}
        wanted = SourceSettings(given, settings["new_key"], settings["revoke_old_keys"])

        def work(unit: Unit) -> tuple[Source, str | None]:
            return put_source(
                self._desk(unit), source_id, wanted, profiles=self._policy.profiles, new_key=new_key, actor=actor
            )

        made = self._units.run(work)
        self.credentials.forget(source_id)
        return made

    def source(self, source_id: str) -> Source:
        """One source."""
        return find_source(self._desk(self._units.read()), source_id)

    def sources(self) -> list[Source]:
        """All sources."""
        return SourceRepository(self._units.read()).all()

    def knows_source(self, source_id: str) -> bool:
        """True if there is such a source, enabled or not."""
        return SourceRepository(self._units.read()).find(source_id) is not None

    def is_open(self, source_id: str) -> bool:
        """True if this source may post."""
        source = SourceRepository(self._units.read()).find(source_id)
        return source is not None and source.enabled

    def _take_item(self, unit: Unit, *, source_id: str, posted: Posted) -> dict[str, Any]:
        return self.take(unit, source_id, posted)

    def _forget(self, unit: Unit, *, report_id: str, why: str) -> None:
        forget_due(self._desk(unit), report_id, why)

    def _tell_again(self, unit: Unit, *, report_id: str) -> bool:
        return tell_again(self._desk(unit), report_id)

    def _judge_earlier(self, unit: Unit, *, report_id: str) -> int:
        return judge_earlier(self._desk(unit), report_id)

    def _receive(self, unit: Unit, source_id: str, draft: Draft, mapping: MappedBy, edit: str | None) -> dict[str, Any]:
        return self._receipt(receive_form(self._desk(unit), source_id, draft, mapping, edit))

    def _profile(self, source_id: str) -> Profile:
        name = self.source(source_id).profile
        if name is None:
            raise NotAllowedNow("This source has no mapping profile. Post canonical reports, or ask for one.", slug="no-profile")
        if name not in self._policy.profiles:
            raise NotFound("The mapping profile of this source is no longer in the policy files.")
        return self._policy.profiles[name]

    def _desk(self, unit: Unit) -> Desk:
        return Desk(
            now=unit.now,
            rules=self._policy.rules,
            reports=ReportRepository(unit),
            sources=SourceRepository(unit),
            vault=CaseVault(unit, self._kept),
            seals=self._seals,
            recipients=UnitRecipients(unit, self._vouchers),
            hashes=self._hashes,
            announce=UnitAnnouncer(unit, self._kept),
            journal=unit.audit,
            ids=self._ids,
        )

    def _receipt(self, receipt: Receipt) -> dict[str, Any]:
        self._log.info("report.received", case_ref=receipt.case_ref, urgency=receipt.urgency, duplicate=receipt.duplicate)
        return {
            "report_id": receipt.report_id, "case_ref": receipt.case_ref, "urgency": receipt.urgency,
            "duplicate": receipt.duplicate, "withdrawn": receipt.withdrawn,
            "status_url": self._status + receipt.report_id, **({"narrative_cut": True} if receipt.narrative_cut else {}),
        }  # fmt: skip


def build(chassis: Chassis) -> App:
    """Read the rules, make the indexes, find the registry's key and intake's own; raises Misconfigured."""
    own = own_settings.read(chassis.settings.own)
    policy = policy_files.load(chassis.settings.policy_directories, own.phone_region)
    chassis.open(DOCUMENTS)
    app = App(chassis, policy, own)
    chassis.rechecks.register(NARRATIVE_DISCLOSED, app.narrative_may_leave)
    chassis.gauges.every(SELDOM_S, app.measure)
    chassis.gauges.every(OFTEN_S, app.forms.measure)
    chassis.gauges.every(OFTEN_S, app.measure_openings)
    chassis.forget_by(policy.retention)
    return app
