"""Hand the narrative to a partner that accepted: sealed to it, and only with a consent that holds at this moment."""

from __future__ import annotations

import json
from dataclasses import replace

from ngao.chassis.security.vouches import Distrust, Recipient
from ngao.kernel import acceptance
from ngao.kernel.consent import FOR_REFERRAL, Answer, judge
from ngao.kernel.pairwise import case_ref_for
from services.intake.ports import INTAKE, Desk, joined
from services.intake.reports.model import Helper, Report
from services.intake.reports.narratives import Refusal
from services.intake.reports.progress import case_salt_of, stands_accepted


def disclose_narrative(desk: Desk, report: Report, helper: Helper) -> None:
    """Disclose to a partner that has just accepted, or tell it why not, so that it does not wait."""
    why = _refusal(desk, report, helper)
    if why:
        _withhold(desk, report, helper, why)
    else:
        _disclose(desk, report, helper)


def disclose_what_is_new(desk: Desk, report: Report) -> None:
    """Give those at work on the case what they do not have yet: a later narrative, or one for which consent came later."""
    for helper in list(report.helpers.values()):
        if helper.parts_disclosed < len(report.narrative_parts) and _refusal(desk, report, helper) is None:
            _disclose(desk, report, helper)


def narrative_may_leave(desk: Desk, case_ref: str, offer_id: str, partner_id: str) -> bool:
    """Whether a disclosed narrative may be sent at this moment. If not, it is withheld, and its partner gets to know.

    The partner may have it already, from its catch-up or from an earlier sending, so that it is called back as well. A consent
    that comes back brings the whole narrative again.
    """
    report = desk.reports.by_case(case_ref)
    if report is None:
        return False
    known = report.helpers.get(offer_id)
    helper = known or Helper(offer_id, partner_id)
    why = _refusal(desk, report, helper)
    if why is None:
        return True
    if known is None or known.parts_disclosed:
        _withhold(desk, report, helper, why, recalled=True)
    if known and known.parts_disclosed:
        report.keep_helper(replace(known, parts_disclosed=0))
        desk.reports.put(report)
    return False


def _refusal(desk: Desk, report: Report, helper: Helper) -> Refusal | None:
    if report.withdrawn_at or report.forgotten_at or not stands_accepted(report.story, helper.offer_id):
        return Refusal.WITHDRAWN
    if not report.narrative_parts:
        return Refusal.NO_NARRATIVE
    said = (*report.consents, *report.consent_changes)
    answer = judge(said, purpose=FOR_REFERRAL, scope="narrative", recipient=helper.partner_id, now=desk.now)
    return None if answer is Answer.LIVE else Refusal(answer.value)


def _disclose(desk: Desk, report: Report, helper: Helper) -> None:
    """Seal to the keys that operators vouch for, if the partner itself has signed its acceptance; to no others."""
    recipient = _recipient(desk, report, helper)
    if isinstance(recipient, Recipient):
        _seal(desk, report, helper, recipient)
    elif recipient.value != helper.distrust:
        _withhold(desk, report, helper, recipient)
        report.keep_helper(replace(helper, distrust=recipient.value))


def _recipient(desk: Desk, report: Report, helper: Helper) -> Recipient | Refusal:
    recipient = desk.recipients.judge(helper.vouch, helper.partner_id)
    if isinstance(recipient, Distrust):
        return Refusal(recipient.value)
    accepted = acceptance.to_sign(helper.partner_id, helper.offer_id, _ref_for(report, helper))
    return recipient if recipient.signed(acceptance.PURPOSE, accepted, helper.signature) else Refusal.NOT_SIGNED


def _ref_for(report: Report, helper: Helper) -> str:
    """The reference by which the partner knows the case, and which it signs."""
    return case_ref_for(helper.partner_id, report.case_ref, case_salt_of(report.story, helper.offer_id))


def _withhold(desk: Desk, report: Report, helper: Helper, why: Refusal, *, recalled: bool = False) -> None:
    desk.announce.withheld(report, helper, why.value, recalled=recalled)
    detail = {"partner": helper.partner_id, "offer": helper.offer_id, "reason": why.value}
    desk.journal("narrative.withheld", subject=report.case_ref, actor=INTAKE, detail=detail)


def _seal(desk: Desk, report: Report, helper: Helper, recipient: Recipient) -> None:
    parts = (desk.vault.open(report, f"narrative.{at}", part) for at, part in enumerate(report.narrative_parts))
    payload = {"v": 1, "case_ref": _ref_for(report, helper), "offer_id": helper.offer_id, "narrative": joined(parts)}
    box = desk.seals.to_partner(recipient.box_key, json.dumps(payload, ensure_ascii=False).encode())
    desk.recipients.pin(helper.partner_id, recipient)
    desk.announce.disclosed(report, helper, recipient.key_id, box)
    report.keep_helper(replace(helper, parts_disclosed=len(report.narrative_parts), distrust=""))
    detail = {"partner": helper.partner_id, "offer": helper.offer_id, "key_id": recipient.key_id}
    desk.journal("narrative.disclosed", subject=report.case_ref, actor=INTAKE, detail=detail)
