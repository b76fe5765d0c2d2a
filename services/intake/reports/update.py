"""Accept later facts about a report from its source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import Call, Response, http
from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict
from ngao.contracts.schemas import report as report_schema
from ngao.kernel.actors import Actor
from ngao.kernel.consent import Statement
from ngao.kernel.problems import FieldError
from ngao.kernel.text import clean
from services.intake.context import Context, IntakeParts
from services.intake.reports.acts import new_acts
from services.intake.reports.dates import with_likely_moment
from services.intake.reports.disclose_narrative import disclose_what_is_new, recall_what_is_refused
from services.intake.reports.draft import Violation, encoded_act, readable, stated_date
from services.intake.reports.model import MappedBy, Report, SealedIdentity, Update
from services.intake.reports.narratives import fitting
from services.intake.reports.person_keys import person_keys
from services.intake.reports.publishing import publish_updated
from services.intake.reports.reading import update_of
from services.intake.reports.receive import Receipt, answer_of, receipt_of, refuse, seal_person
from services.intake.reports.responses import ReceiptShown
from services.intake.reports.show_status import report_for
from services.intake.reports.vocabulary import code_problems, county_of, date_problems, needs_suggested_by
from services.intake.triage.triage_twice import triage_twice

WITHDRAWN, ERASED = "withdrawn", "forgotten"
ENDED = frozenset({WITHDRAWN, ERASED})
"""Why an update is refused permanently: its report accepts none any more."""
_PERSON_CORRECTED = "contact"
"""In `news`: the update has a sealed correction of the person, even if it is of attributes only."""


class SubjectUpdate(Strict):
    """What a source corrects about the person. Each list of `identity` that is given replaces the one reported before."""

    identity = fields.Nested(report_schema.Identity, metadata=SENSITIVE)
    attributes = fields.Nested(report_schema.Attributes, metadata=SENSITIVE)


class ReportUpdate(Strict):
    """Later facts about a report. `consent`, where it is given, is what holds from now on; an empty list is none.

    `update_id` (or the header Idempotency-Key) names the update permanently: the same words under another name are a new update.
    Without a name the content is the name, and what may change back (all but `needs` and `narrative`) is a repeat only of the
    update right before it. `contact_safety`, where it is given, replaces what was reported before as a whole;
    `location` is where the person is now.
    """

    update_id = fields.String(validate=validate.Length(1, 200), metadata=INTERNAL)
    subject = fields.Nested(SubjectUpdate, metadata=SENSITIVE)
    contact_safety = fields.Nested(report_schema.ContactSafety, metadata=SENSITIVE)
    location = fields.Nested(report_schema.Location, metadata=INTERNAL)
    violations = fields.List(fields.Nested(report_schema.Violation), validate=validate.Length(max=20), metadata=INTERNAL)
    needs = fields.List(fields.String(validate=validate.Length(1, 64)), validate=validate.Length(max=20), metadata=INTERNAL)
    consent = fields.List(fields.Nested(report_schema.Consent), validate=validate.Length(max=20), metadata=INTERNAL)
    narrative = fields.String(validate=validate.Length(max=50_000), metadata=SENSITIVE)


@http.post(
    "/v1/reports/<report_id>/updates",
    roles="source",
    request=ReportUpdate,
    returns={202: ReceiptShown},
    operation="updateReport",
    summary="Add later facts to a report.",
)
def post_update(parts: IntakeParts, call: Call, report_id: str, body: dict[str, Any]) -> Response:
    """Accept later facts; the header Idempotency-Key names an update that bears no name itself."""
    update = update_of({"update_id": call.idempotency_key, **body})
    work = partial(update_report, source_id=call.principal.id, report_id=report_id, update=update)
    return Response(202, answer_of(parts.read(), parts.run(work, call)))


def update_report(ctx: Context, source_id: str, report_id: str, update: Update, mapping: MappedBy | None = None) -> Receipt:
    """Add later facts, triage again, publish what is new; the same update twice counts once.

    A narrative for which the report has no room is cut, and costs nothing else of the update. Raises NotFound, InvalidInput,
    NotAllowedNow (`withdrawn`, `forgotten`, `conflicting-repeat`).
    """
    report = report_for(ctx, source_id, report_id)
    seen = Seen(ctx, update)
    if seen.before(report):
        return receipt_of(ctx, report, duplicate=True)
    if report.withdrawn_at:
        raise NotAllowedNow("The report was withdrawn. Post a new one if help is needed again.", slug=WITHDRAWN)
    if report.erased_at:
        raise NotAllowedNow("The data of this report was erased. Post a new one if help is needed again.", slug=ERASED)
    refuse(_problems(ctx, update))
    before = report.triage.urgency
    acts_before = report.violations
    narrative = _new_narrative(ctx, report, update)
    fitted = fitting(narrative, report.narrative_parts)
    news, correction = _apply(ctx, report, replace(update, narrative=fitted))
    report.mapping = mapping or report.mapping
    report.updates_seen = (*report.updates_seen, seen.mark)
    recall_what_is_refused(ctx, report)
    disclose_what_is_new(ctx, report)
    ctx.reports.save(report)
    needs_again = _needs_asked_again(ctx, report, update, acts_before)
    publish_updated(ctx, report, by="update", urgency_before=before, news=news, needs_again=needs_again, correction=correction)
    is_cut = fitted != narrative
    detail = {"news": ",".join(news), "urgency_before": before, "urgency": report.triage.urgency}
    detail |= {"narrative": "cut"} if is_cut else {}
    ctx.audit("report.updated", subject=report.case_ref, actor=Actor.source(source_id), detail=detail)
    return replace(receipt_of(ctx, report, duplicate=False), narrative_cut=is_cut)


class Seen:
    """How an update is known again: by the key that its source gave it, else by its content. Both are kept as keyed hashes.

    `mark` is what a report keeps of it.
    """

    def __init__(self, ctx: Context, update: Update) -> None:
        self._key = f"{ctx.unit.keyring.lookup_hash('update', update.key)}:" if update.key else ""
        stated = (update.violations, update.consents, update.person, update.place)
        self._may_change_back = any(consent is not None for consent in stated)
        encodings = [_canonical(readable(_parts(update)))]
        if not any(violation.occurred_at for violation in update.violations or ()):
            # As earlier versions of the program encoded it, character for character: what one of them received is known by it.
            before = _parts_before_dates(update)
            encodings += [_canonical(readable(before)), _canonical(before)]
        self._marks = tuple(self._key + ctx.unit.keyring.lookup_hash("content", encoded) for encoded in encodings)
        self.mark = self._marks[0]

    def before(self, report: Report) -> bool:
        """Return True if the report has this update. Raises NotAllowedNow if its key was used for another."""
        if self._key:
            return self._named_before(report)
        contents = [seen.rpartition(":")[2] for seen in report.updates_seen]
        # A contact can be safe, unsafe, and safe again: without a key only the very last update can be a mere repeat.
        comparable = contents[-1:] if self._may_change_back else contents
        return any(mark in comparable for mark in self._marks)

    def _named_before(self, report: Report) -> bool:
        known = next((seen for seen in report.updates_seen if seen.startswith(self._key)), None)
        if known is not None and known not in self._marks:
            message = "This key was used before for an update with other content. Give each update a key of its own."
            raise NotAllowedNow(message, slug="conflicting-repeat")
        return known is not None


def _problems(ctx: Context, update: Update) -> list[FieldError]:
    unknown = code_problems(update.violations or (), update.needs or (), (), update.place, ctx.policy.vocabulary)
    return [*unknown, *date_problems(update.violations or (), ctx.now)]


def _apply(ctx: Context, report: Report, update: Update) -> tuple[tuple[str, ...], SealedIdentity | None]:
    """Apply it and triage again; gives what is new by name, and what is new about the person for the registry."""
    acts = tuple(with_likely_moment(violation, ctx.now, ctx.now) for violation in update.violations or ())
    update = replace(update, violations=acts or None)
    county = county_of(update.place, ctx.policy.vocabulary)
    news = report.apply(update, ctx.now, _proposed(ctx, report, update), county)
    if update.narrative:
        ctx.vault.add_to_narrative(report, update.narrative)
        news = (*news, "narrative")
    correction = seal_person(ctx, report.case_ref, update.person) if update.person else None
    if update.person and correction:
        news = (*news, _PERSON_CORRECTED)
        # A person with a new number is still known by the old one.
        report.person_keys = tuple(sorted({*report.person_keys, *person_keys(update.person, ctx.unit.keyring, ctx.policy)}))
    fresh = triage_twice(ctx, report.source_id, report.facts(ctx.now), report.person_keys, but=report.id)
    report.add_triage(fresh.whole, fresh.for_source)
    if {"violations", _PERSON_CORRECTED} & set(news):
        report.note_others_to_triage(ctx.now)
    return news, correction


def _new_narrative(ctx: Context, report: Report, update: Update) -> str:
    narrative = clean(update.narrative or "")
    return "" if update.restates and narrative in ctx.vault.parts(report) else narrative


def _proposed(ctx: Context, report: Report, update: Update) -> tuple[str, ...]:
    """Return what new violations suggest if the update asks for nothing itself, as with a first report."""
    if update.needs:
        return ()
    known = {violation.type for violation in report.violations}
    return needs_suggested_by(
        [violation for violation in update.violations or () if violation.type not in known], ctx.policy.vocabulary
    )


def _needs_asked_again(ctx: Context, report: Report, update: Update, before: tuple[Violation, ...]) -> tuple[str, ...]:
    """Return the help that new acts ask for; an edited form repeats its needs, so there only what they suggest."""
    acts = new_acts(before, report.violations)
    asked = () if update.restates else update.needs
    again = acts and (asked or needs_suggested_by(acts, ctx.policy.vocabulary))
    return tuple(need for need in report.needs if need in again)


def _canonical(parts: list[object]) -> str:
    return json.dumps(parts, ensure_ascii=False, default=str)


def _parts(update: Update) -> list[object]:
    date = stated_date(update.occurred_at, update.occurred_precision, update.doubt)
    return [*_with_acts(update, [encoded_act(act) for act in update.violations or ()]), *([date] if date else [])]


def _parts_before_dates(update: Update) -> list[object]:
    """Return the parts as they were when an act had no date of its own, and one whose state was not stated had ended."""
    acts = [
        f"Violation(type={violation.type!r}, ongoing={bool(violation.ongoing)!r}, against={violation.against!r}, "
        f"perpetrators={violation.perpetrators!r}, involvements={violation.involvements!r})"
        for violation in update.violations or ()
    ]
    return _with_acts(update, acts)


def _with_acts(update: Update, acts: Sequence[object]) -> list[object]:
    consents = None if update.consents is None else [_consent(consent) for consent in update.consents]
    parts: list[object] = [acts, update.needs, consents, update.narrative]
    if update.place:
        parts.append(repr(update.place))
    if update.person:
        person = update.person
        parts.append([person.identity, dict(person.attributes), person.contact_safety])
    return parts


def _consent(consent: Statement) -> str:
    """Return a consent as it was when it was a class of its own, so that repeats of updates are recognised as before."""
    fields = f"purpose={consent.purpose!r}, scope={consent.scope!r}, recipient={consent.recipient!r}, until={consent.until!r}"
    return f"Consent({fields}, given_at=None)"
