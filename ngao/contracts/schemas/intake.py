"""What intake says."""

from __future__ import annotations

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, SEALED, Moment, Tolerant


class Reason(Tolerant):
    """Why a rule fired: its name, what it says, in words and not in personal data."""

    rule = fields.String(required=True, metadata=INTERNAL)
    text = fields.String(required=True, metadata=INTERNAL)


class ViolationSaid(Tolerant):
    """A violation, coded, as events carried it before ADR 0026."""

    type = fields.String(required=True, metadata=INTERNAL)
    ongoing = fields.Boolean(load_default=False, metadata=INTERNAL)
    against = fields.String(load_default="defender", metadata=INTERNAL)
    perpetrators = fields.List(fields.String(), load_default=list, metadata=INTERNAL)


class Consented(Tolerant):
    """One consent: purpose, which data, for whom (nobody named means any vetted partner), until when."""

    purpose = fields.String(required=True, metadata=INTERNAL)
    scope = fields.List(fields.String(), load_default=list, metadata=INTERNAL)
    recipient = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    until = Moment(lasting=True, load_default=None, allow_none=True, metadata=INTERNAL)


class SealedIdentity(Tolerant):
    """Identity, attributes and contact safety as one libsodium sealed box that only the registry opens."""

    key_id = fields.String(required=True, metadata=INTERNAL)
    box = fields.String(required=True, metadata=SEALED)


class ReportAccepted(Tolerant):
    """A report is stored for good, with its urgency and why.

    `needs` is all that help is looked for; those that nobody asked for, because the violations suggest them, stand in
    `needs_proposed` too. `occurred_at` is a day. `urgency_reasons`, `reporter_role`, `violations` and `earlier_reports` are
    empty, because no reader needs them; events of older versions hold them (ADR 0026).
    """

    report_id = fields.String(required=True, metadata=INTERNAL)
    case_ref = fields.String(required=True, metadata=INTERNAL)
    source_id = fields.String(required=True, metadata=INTERNAL)
    received_at = Moment(required=True, metadata=INTERNAL)
    occurred_at = Moment(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    urgency_reasons = fields.List(fields.Nested(Reason), load_default=list, dump_default=list, metadata=INTERNAL)
    policy_version = fields.String(required=True, metadata=INTERNAL)
    reporter_role = fields.String(load_default="", dump_default="", metadata=INTERNAL)
    violations = fields.List(fields.Nested(ViolationSaid), load_default=list, dump_default=list, metadata=INTERNAL)
    needs = fields.List(fields.String(), required=True, metadata=INTERNAL)
    needs_proposed = fields.List(fields.String(), load_default=list, metadata=INTERNAL)
    county = fields.String(required=True, metadata=INTERNAL)
    languages = fields.List(fields.String(), required=True, metadata=INTERNAL)
    consent = fields.List(fields.Nested(Consented), required=True, metadata=INTERNAL)
    has_narrative = fields.Boolean(required=True, metadata=INTERNAL)
    earlier_reports = fields.Integer(load_default=0, metadata=INTERNAL)
    defender_ref = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    sealed_identity = fields.Nested(SealedIdentity, load_default=None, allow_none=True, metadata=SEALED)


class ReportUpdated(Tolerant):
    """What a report is now, after later facts, another report about the same person, or an operator's decision.

    `news` names the parts that changed: violations, needs, consent, narrative, contact, county. An update that only repeats has
    none. `risen` is true when the urgency is higher than `urgency_before`; `raised_by` is update, history or operator.
    `urgency_reasons` and `violations` are empty, as in `intake.report.accepted`.
    `needs_again` is what a new act in it asks for, also if it was asked for and settled before.
    `county` is where the person was last known to be. `sealed_identity` is a correction of who it is or how to reach them.
    """

    report_id = fields.String(required=True, metadata=INTERNAL)
    case_ref = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    urgency_reasons = fields.List(fields.Nested(Reason), load_default=list, dump_default=list, metadata=INTERNAL)
    policy_version = fields.String(required=True, metadata=INTERNAL)
    violations = fields.List(fields.Nested(ViolationSaid), load_default=list, dump_default=list, metadata=INTERNAL)
    needs = fields.List(fields.String(), required=True, metadata=INTERNAL)
    consent = fields.List(fields.Nested(Consented), required=True, metadata=INTERNAL)
    has_narrative = fields.Boolean(required=True, metadata=INTERNAL)
    needs_proposed = fields.List(fields.String(), load_default=list, metadata=INTERNAL)
    news = fields.List(fields.String(), load_default=list, metadata=INTERNAL)
    urgency_before = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    risen = fields.Boolean(load_default=False, metadata=INTERNAL)
    raised_by = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    needs_again = fields.List(fields.String(), load_default=list, metadata=INTERNAL)
    county = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    sealed_identity = fields.Nested(SealedIdentity, load_default=None, allow_none=True, metadata=SEALED)


class ReportQuarantined(Tolerant):
    """A body was posted that its source's profile cannot read as a report: it is kept sealed until an operator decides about it.

    `case_ref` is no case: it stands for the source and the day, so that all that came from one broken form raises one alarm.
    `urgency` is high, because what cannot be read may be. `reason` is why it is no report, `codes` what was found broken in it;
    no place in the body and no value is in the event. `received_at` is a day.
    """

    quarantine_id = fields.String(required=True, metadata=INTERNAL)
    case_ref = fields.String(required=True, metadata=INTERNAL)
    source_id = fields.String(required=True, metadata=INTERNAL)
    profile = fields.String(required=True, metadata=INTERNAL)
    mapping_version = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    reason = fields.String(required=True, metadata=INTERNAL)
    codes = fields.List(fields.String(), load_default=list, metadata=INTERNAL)
    received_at = Moment(required=True, metadata=INTERNAL)


class QuarantineFilled(Tolerant):
    """So much of one source waits in quarantine that no more is taken from it: it is answered 429 until an operator decides.

    Published once a day for a source. `case_ref` is no case: it is that of the day's `intake.report.quarantined` of this source.
    """

    case_ref = fields.String(required=True, metadata=INTERNAL)
    source_id = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    bodies = fields.Integer(required=True, metadata=INTERNAL)
    bytes = fields.Integer(required=True, metadata=INTERNAL)
    noted_at = Moment(required=True, metadata=INTERNAL)


class ReportWithdrawn(Tolerant):
    """The source took the report back: what was offered is recalled."""

    report_id = fields.String(required=True, metadata=INTERNAL)
    case_ref = fields.String(required=True, metadata=INTERNAL)


class NarrativeDisclosed(Tolerant):
    """The narrative, sealed to the one partner that accepted."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    offer_id = fields.String(required=True, metadata=INTERNAL)
    partner_id = fields.String(required=True, metadata=INTERNAL)
    case_salt = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    key_id = fields.String(required=True, metadata=INTERNAL)
    box = fields.String(required=True, metadata=SEALED)


class Withheld(Tolerant):
    """A disclosure that was refused, and why; the partner knows not to wait for it.

    `recalled` is true if something was disclosed for this offer before: it must not be used any more.
    """

    case_ref = fields.String(required=True, metadata=INTERNAL)
    offer_id = fields.String(required=True, metadata=INTERNAL)
    partner_id = fields.String(required=True, metadata=INTERNAL)
    case_salt = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    reason = fields.String(required=True, metadata=INTERNAL)
    recalled = fields.Boolean(load_default=False, metadata=INTERNAL)


class ReportReceipt(Tolerant):
    """The answer to a source that posted over AMQP: the same facts as the HTTP answer."""

    source_event_id = fields.String(required=True, metadata=INTERNAL)
    report_id = fields.String(required=True, metadata=INTERNAL)
    case_ref = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    duplicate = fields.Boolean(required=True, metadata=INTERNAL)
    withdrawn = fields.Boolean(load_default=False, metadata=INTERNAL)
    status_url = fields.String(required=True, metadata=INTERNAL)


class Refusal(Tolerant):
    """One broken field of a refused report."""

    pointer = fields.String(required=True, metadata=INTERNAL)
    code = fields.String(required=True, metadata=INTERNAL)
    detail = fields.String(required=True, metadata=INTERNAL)


class ReportRejected(Tolerant):
    """The answer to a source whose report cannot be taken: which fields, never their values."""

    event_id = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    reason = fields.String(required=True, metadata=INTERNAL)
    errors = fields.List(fields.Nested(Refusal), required=True, metadata=INTERNAL)
