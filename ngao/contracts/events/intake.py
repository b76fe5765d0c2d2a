"""The events of intake."""

from __future__ import annotations

from datetime import datetime

from ngao.contracts.events.parts import Disclosed, FieldRefusal, Reason, Withheld
from ngao.contracts.payloads import IfSet, Internal, Lasting, Part, Payload, Sealed, event, part


@part(schema="ViolationSaid")
class StatedViolation(Part):
    """A violation, coded, as events carried it before ADR 0026."""

    type: Internal[str]
    ongoing: Internal[bool] = False
    against: Internal[str] = "defender"
    perpetrators: Internal[tuple[str, ...]] = ()


@part(schema="Consented")
class StatedConsent(Part):
    """One consent: purpose, which data, for whom (without a name: any vetted partner), until when."""

    purpose: Internal[str]
    scope: Internal[tuple[str, ...]] = ()
    recipient: Internal[str | None] = None
    until: Internal[Lasting | None] = None


@part()
class SealedIdentity(Part):
    """Identity, attributes and contact safety as one libsodium sealed box that only the registry opens."""

    key_id: Internal[str]
    box: Sealed[str]


@event("intake.report.accepted.v1")
class ReportAccepted(Payload):
    """A report is stored permanently, with its urgency and why.

    `needs` is all that help is looked for; those that no one asked for, because the violations suggest them, are in
    `needs_proposed` too. `occurred_at` is a day. `urgency_reasons`, `reporter_role`, `violations` and `earlier_reports` are
    empty, because no reader needs them; events of older versions hold them (ADR 0026).
    """

    report_id: Internal[str]
    case_ref: Internal[str]
    source_id: Internal[str]
    received_at: Internal[datetime]
    occurred_at: Internal[datetime]
    urgency: Internal[str]
    urgency_reasons: Internal[tuple[Reason, ...]] = ()
    policy_version: Internal[str]
    reporter_role: Internal[str] = ""
    violations: Internal[tuple[StatedViolation, ...]] = ()
    needs: Internal[tuple[str, ...]]
    needs_proposed: Internal[tuple[str, ...]] = ()
    county: Internal[str]
    languages: Internal[tuple[str, ...]]
    consent: Internal[tuple[StatedConsent, ...]]
    has_narrative: Internal[bool]
    earlier_reports: IfSet[Internal[int]] = 0
    defender_ref: Internal[str | None] = None
    sealed_identity: Sealed[SealedIdentity | None] = None


@event("intake.report.updated.v1")
class ReportUpdated(Payload):
    """What a report is now, after later facts, another report about the same person, or an operator's decision.

    `news` names the parts that changed: violations, needs, consent, narrative, contact, county. An update that only repeats has
    none. `risen` is true when the urgency is higher than `urgency_before`; `raised_by` is update, history or operator.
    `urgency_reasons` and `violations` are empty, as in `intake.report.accepted`.
    `needs_again` is what a new act in it asks for, also if it was asked for and settled before.
    `county` is where the person was last known to be. `sealed_identity` is a correction of who it is or how to reach them.
    """

    report_id: Internal[str]
    case_ref: Internal[str]
    urgency: Internal[str]
    urgency_reasons: Internal[tuple[Reason, ...]] = ()
    policy_version: Internal[str]
    violations: Internal[tuple[StatedViolation, ...]] = ()
    needs: Internal[tuple[str, ...]]
    consent: Internal[tuple[StatedConsent, ...]]
    has_narrative: Internal[bool]
    needs_proposed: Internal[tuple[str, ...]] = ()
    news: Internal[tuple[str, ...]] = ()
    urgency_before: Internal[str | None] = None
    risen: Internal[bool] = False
    raised_by: Internal[str | None] = None
    needs_again: Internal[tuple[str, ...]] = ()
    county: Internal[str | None] = None
    sealed_identity: Sealed[SealedIdentity | None] = None


@event("intake.report.quarantined.v1")
class ReportQuarantined(Payload):
    """A body was posted that is not accepted as a report: it is sealed and waits for an operator.

    Its source's profile cannot read it, or it is an edit of a report that was withdrawn or erased, or has other content than the
    report with its id. `case_ref` is no case: it stands for the source and the day, so that all that came from one broken form
    raises one alarm. `urgency` is high, because what is in it may be. `reason` is why it is not accepted, `codes` what was found
    broken in it; no place in the body and no value is in the event. `received_at` is a day.
    """

    quarantine_id: Internal[str]
    case_ref: Internal[str]
    source_id: Internal[str]
    profile: Internal[str]
    mapping_version: Internal[str]
    urgency: Internal[str]
    reason: Internal[str]
    codes: Internal[tuple[str, ...]] = ()
    received_at: Internal[datetime]


@event("intake.quarantine.filled.v1")
class QuarantineFilled(Payload):
    """So much of one source is in quarantine that no more of it is accepted: it gets 429 until an operator decides.

    Published once a day for a source. `case_ref` is no case: it is that of the day's `intake.report.quarantined` of this source.
    """

    case_ref: Internal[str]
    source_id: Internal[str]
    urgency: Internal[str]
    bodies: Internal[int]
    bytes: Internal[int]
    noted_at: Internal[datetime]


@event("intake.report.withdrawn.v1")
class ReportWithdrawn(Payload):
    """The source withdrew the report: what was offered is recalled."""

    report_id: Internal[str]
    case_ref: Internal[str]


@event("intake.narrative.disclosed.v1")
class NarrativeDisclosed(Disclosed):
    """The narrative, sealed to the one partner that accepted."""


@event("intake.narrative.withheld.v1", shape=Withheld)
class NarrativeWithheld(Withheld):
    """The narrative is not disclosed, and why."""


@event("intake.report.receipt.v1")
class ReportReceipt(Payload):
    """The answer to a source that posted over AMQP: the same facts as the HTTP answer."""

    source_event_id: Internal[str]
    report_id: Internal[str]
    case_ref: Internal[str]
    urgency: Internal[str]
    duplicate: Internal[bool]
    withdrawn: Internal[bool] = False
    status_url: Internal[str]


@event("intake.report.rejected.v1")
class ReportRejected(Payload):
    """The answer to a source whose report is invalid: which fields, never their values."""

    event_id: Internal[str | None] = None
    reason: Internal[str]
    errors: Internal[tuple[FieldRefusal, ...]]
