"""Take later facts about a report in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from ngao.chassis.errors import NotAllowedNow
from ngao.kernel.actors import Actor
from ngao.kernel.consent import Statement
from ngao.kernel.problems import FieldError
from ngao.kernel.text import clean
from services.intake.ports import Desk
from services.intake.reports.acts import new_acts
from services.intake.reports.dates import with_likely_moment
from services.intake.reports.disclose_narrative import disclose_what_is_new
from services.intake.reports.draft import Violation, date_of, readable, stated_date
from services.intake.reports.model import Change, Report, SealedIdentity, Update
from services.intake.reports.narratives import fitting
from services.intake.reports.person_keys import person_keys
from services.intake.reports.problems import MappedBy
from services.intake.reports.show_status import tell_status
from services.intake.reports.submit import Receipt, receipt_of, refuse, seal_person
from services.intake.reports.vocabulary import code_problems, county_of, date_problems, needs_suggested_by
from services.intake.triage.judging import judge


def update_report(
    desk: Desk, source_id: str, report_id: str, update: Update, mapping: MappedBy | None = None
) -> Receipt:
    """Add later facts, judge again, publish what is new; the same update twice counts once.

    A narrative for which the report has no room is cut, and costs nothing else of the update. Raises NotFound, InvalidInput,
    NotAllowedNow (`withdrawn`, `forgotten`, `conflicting-repeat`).
    """
    report = tell_status(desk, source_id, report_id)
    seen = _Seen(desk, update)
    if seen.before(report):
        return receipt_of(desk, report, duplicate=True)
    if report.withdrawn_at:
        raise NotAllowedNow("The report was withdrawn. Post a new one if help is needed again.", slug="withdrawn")
    if report.forgotten_at:
        raise NotAllowedNow("What this report told is kept no longer. Post a new one if help is needed again.", slug="forgotten")
    refuse(_problems(desk, update))
    before = report.triage.urgency
    acts_before = report.violations
    narrative = _new_narrative(desk, report, update)
    fitted = fitting(narrative, report.narrative_parts)
    news, correction = _apply(desk, report, replace(update, narrative=fitted))
    report.mapping = mapping or report.mapping
    report.updates_seen = (*report.updates_seen, seen.mark)
    disclose_what_is_new(desk, report)
    desk.reports.put(report)
    desk.announce.updated(report, Change("update", before, news, correction, _asked_again(desk, report, update, acts_before)))
    is_cut = fitted != narrative
    detail = {"news": ",".join(news), "urgency_before": before, "urgency": report.triage.urgency}
    detail |= {"narrative": "cut"} if is_cut else {}
    desk.journal("report.updated", subject=report.case_ref, actor=Actor.source(source_id), detail=detail)
    return replace(receipt_of(desk, report, duplicate=False), narrative_cut=is_cut)


def mark_of(desk: Desk, update: Update) -> str:
    """The keyed hash by which a report keeps that it has this update."""
    return _Seen(desk, update).mark


class _Seen:
    """How an update is known again: by the key that its source gave it, else by its content. Both are kept as keyed hashes."""

    def __init__(self, desk: Desk, update: Update) -> None:
        self._key = f"{desk.hashes.of('update', update.key)}:" if update.key else ""
        stated = (update.violations, update.consents, update.person, update.place)
        self._may_change_back = any(each is not None for each in stated)
        forms = [_canonical(readable(_parts(update)))]
        if not any(each.occurred_at for each in update.violations or ()):
            # The forms of earlier versions, sign for sign: an update that one of them took in is known by them.
            before = _parts_before_dates(update)
            forms += [_canonical(readable(before)), _canonical(before)]
        self._marks = tuple(self._key + desk.hashes.of("content", form) for form in forms)
        self.mark = self._marks[0]

    def before(self, report: Report) -> bool:
        """Whether the report has this update; raises NotAllowedNow if its key stood for another."""
        if self._key:
            return self._named_before(report)
        contents = [each.rpartition(":")[2] for each in report.updates_seen]
        # A contact can be safe, unsafe, and safe again: without a key only the very last update can be a mere repeat.
        comparable = contents[-1:] if self._may_change_back else contents
        return any(mark in comparable for mark in self._marks)

    def _named_before(self, report: Report) -> bool:
        known = next((each for each in report.updates_seen if each.startswith(self._key)), None)
        if known is not None and known not in self._marks:
            message = "This key was used before for an update with other content. Give each update a key of its own."
            raise NotAllowedNow(message, slug="conflicting-repeat")
        return known is not None


def _problems(desk: Desk, update: Update) -> list[FieldError]:
    unknown = code_problems(update.violations or (), update.needs or (), (), update.place, desk.rules.vocabulary)
    return [*unknown, *date_problems(update.violations or (), desk.now)]


def _apply(desk: Desk, report: Report, update: Update) -> tuple[tuple[str, ...], SealedIdentity | None]:
    """Take it in and judge again; gives what is new by name, and what is new about the person for the registry."""
    acts = tuple(with_likely_moment(each, desk.now, desk.now) for each in update.violations or ())
    update = replace(update, violations=acts or None)
    county = county_of(update.place, desk.rules.vocabulary)
    news = report.apply(update, desk.now, _proposed(desk, report, update), county)
    if update.narrative:
        part = desk.vault.seal(report, f"narrative.{len(report.narrative_parts)}", update.narrative.encode())
        report.narrative_parts = (*report.narrative_parts, part)
        news = (*news, "narrative")
    correction = seal_person(desk, report.case_ref, update.person) if update.person else None
    if correction:
        news = (*news, "contact")
        report.person_keys = _known_by(desk, report, update)
    fresh = judge(desk, report.source_id, report.facts(desk.now), report.person_keys, but=report.id)
    report.judge(fresh.whole, fresh.told)
    if {"violations", "contact"} & set(news):
        report.is_news_for_others(desk.now)
    return news, correction


def _new_narrative(desk: Desk, report: Report, update: Update) -> str:
    narrative = clean(update.narrative or "")
    return "" if update.restates and _is_told(desk, report, narrative) else narrative


def _is_told(desk: Desk, report: Report, narrative: str) -> bool:
    parts = enumerate(report.narrative_parts)
    return any(desk.vault.open(report, f"narrative.{at}", part) == narrative.encode() for at, part in parts)


def _proposed(desk: Desk, report: Report, update: Update) -> tuple[str, ...]:
    """What new violations suggest if the update asks for nothing itself, as with a first report."""
    if update.needs:
        return ()
    known = {each.type for each in report.violations}
    return needs_suggested_by([each for each in update.violations or () if each.type not in known], desk.rules.vocabulary)


def _asked_again(desk: Desk, report: Report, update: Update, before: tuple[Violation, ...]) -> tuple[str, ...]:
    """What help the new acts ask for; an edited form repeats its needs, so there only what they suggest."""
    acts = new_acts(before, report.violations)
    asked = () if update.restates else update.needs
    again = acts and (asked or needs_suggested_by(acts, desk.rules.vocabulary))
    return tuple(need for need in report.needs if need in again)


def _known_by(desk: Desk, report: Report, update: Update) -> tuple[str, ...]:
    """The person's old keys and new ones: who has a new number is still known by the old one."""
    new = person_keys(update.person, desk.hashes, desk.rules) if update.person else ()
    return tuple(sorted({*report.person_keys, *new}))


def _canonical(parts: list[object]) -> str:
    return json.dumps(parts, ensure_ascii=False, default=str)


def _parts(update: Update) -> list[object]:
    acts = [
        [each.type, each.ongoing, each.against, each.perpetrators, each.involvements, *date_of(each)]
        for each in update.violations or ()
    ]
    date = stated_date(update.occurred_at, update.occurred_precision, update.doubt)
    return [*_with_acts(update, acts), *([date] if date else [])]


def _parts_before_dates(update: Update) -> list[object]:
    """As it was when an act had no date of its own, and one whose state was not stated was over."""
    acts = [
        f"Violation(type={each.type!r}, ongoing={bool(each.ongoing)!r}, against={each.against!r}, "
        f"perpetrators={each.perpetrators!r}, involvements={each.involvements!r})"
        for each in update.violations or ()
    ]
    return _with_acts(update, acts)


def _with_acts(update: Update, acts: Sequence[object]) -> list[object]:
    consents = None if update.consents is None else [_consent(each) for each in update.consents]
    parts: list[object] = [acts, update.needs, consents, update.narrative]
    if update.place:
        parts.append(repr(update.place))
    if update.person:
        person = update.person
        parts.append([person.identity, dict(person.attributes), person.contact_safety])
    return parts


def _consent(said: Statement) -> str:
    """As it was when a consent was a class of its own, so that repeats of updates are recognised as before."""
    fields = f"purpose={said.purpose!r}, scope={said.scope!r}, recipient={said.recipient!r}, until={said.until!r}"
    return f"Consent({fields}, given_at=None)"
