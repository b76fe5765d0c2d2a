"""Between the domain and the contract: what others' events say to a case, and what its news say to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ngao.chassis.security.seals import key_id
from ngao.contracts import Event, make
from ngao.kernel.actors import Actor
from ngao.kernel.consent import FOR_REFERRAL, Statement
from services.referral.cases.facts import Changed, Defender, Report
from services.referral.cases.model import Case
from services.referral.cases.news import MOVES, Kind, News
from services.referral.offers.model import Offer, Reply, State, Verb, reason_for_partner
from services.referral.offers.note_disclosure import Disclosure
from services.referral.offers.showing import Glimpse, Showing
from services.referral.ports import Hop, rules_of

TO_PARTNER = frozenset({Kind.OFFERED, Kind.ACCEPTED, Kind.EXPIRED, Kind.WITHDRAWN, Kind.RECALLED})
_OF_OFFER = MOVES - {Kind.RECEIVED}
_OF_CASE = frozenset({Kind.OPENED, Kind.CLOSED, Kind.REOPENED, Kind.UNROUTABLE, Kind.HELPER_REVOKED, Kind.DISCLOSURE_OVERDUE})
STATES_TOLD = frozenset({State.EXPIRED, State.WITHDRAWN, State.RECALLED})
_DETAILS = {Verb.DECLINE: "reason", Verb.FAIL: "reason", Verb.COMPLETE: "outcome"}


# What others say


def report_of(event: Event) -> tuple[Report, list[Statement]]:
    """The report of `intake.report.accepted`, with its consents."""
    data = event.data
    report = Report(
        report_id=data["report_id"],
        urgency=data["urgency"],
        needs=tuple(data["needs"]),
        sequence=event.sequence or 0,
        county=data["county"],
        languages=tuple(data["languages"]),
        received_at=data["received_at"],
        proposed=tuple(data.get("needs_proposed", ())),
    )
    return report, _consents(data["consent"], data["received_at"])


def update_of(event: Event) -> tuple[Report, list[Statement], Changed]:
    """What `intake.report.updated` holds, and what is new in it; languages stay those of the report."""
    data = event.data
    report = Report(
        report_id=data["report_id"],
        urgency=data["urgency"],
        needs=tuple(data["needs"]),
        sequence=event.sequence or 0,
        county=data.get("county") or "",
        proposed=tuple(data.get("needs_proposed", ())),
    )
    changed = Changed(frozenset(data.get("news", ())), tuple(data.get("needs_again", ())))
    return report, _consents(data["consent"], event.time), changed


def disclosure_of(event: Event) -> Disclosure:
    """What a disclosing service did for an acceptance, from `registry.contact.*` or `intake.narrative.*`."""
    _, part, answer, _ = event.type.split(".")
    return Disclosure(event.data["case_ref"], event.data["offer_id"], event.data["partner_id"], part, answer)


def _consents(said: list[dict[str, Any]], at: datetime) -> list[Statement]:
    return [
        Statement(FOR_REFERRAL, tuple(each["scope"]), each["recipient"], each["until"], at)
        for each in said
        if each["purpose"] == FOR_REFERRAL
    ]


def defender_of(event: Event) -> Defender:
    """What `registry.defender.resolved` says; any restriction that names a partner keeps the case from it."""
    data = event.data
    never = frozenset(each["partner_id"] for each in data["restrictions"] if each["partner_id"])
    return Defender(data["defender_ref"], data["resolution"], never, event.sequence or 0)


def consent_of(event: Event) -> Statement:
    """What `registry.consent.changed` says."""
    said = event.data
    scope, at = tuple(said["scope"]), said["effective_at"]
    return Statement(said["purpose"], scope, said["recipient"], said["until"], at, said["granted"])


_TOLD = {
    "message.sent": "Told {who}: {what}.",
    "message.delivered": "{what} has reached {who}.",
    "message.failed": "{what} could not be sent to {who}: {reason}.",
    "message.refused": "{who} is not told ({what}): {reason}.",
    "message.acknowledged": "{who} has seen {what} ({reason}).",
}


def hop_of_message(event: Event) -> Hop:
    """A step of the story from an event of notify: whom it told what, by reference."""
    data = event.data
    what = event.type.removeprefix("notify.").removesuffix(".v1")
    reason = data.get("reason") or data.get("by") or ""
    told = _TOLD[what].format(
        who=f"{data['recipient_kind'].replace('_', ' ')} {data['recipient_ref']}", what=data["template"], reason=reason
    )
    return Hop(event.time, what, str(Actor.service("notify")), told, reason=reason)


def reply_from(verb: Verb, data: Mapping[str, Any]) -> Reply:
    """A reply from loaded content."""
    signed = {name: data.get(name) or "" for name in ("signature", "signature_key_id")}
    return Reply(data["offer_id"], verb, data.get(_DETAILS.get(verb, ""), ""), **signed)


# What referral says


@dataclass(frozen=True)
class Voice:
    """What an event needs besides the news: the time, who is notified, what offers show, the accepting partner's keys."""

    now: datetime
    told: str
    showing: Showing
    public_key: str = ""
    vouch: str = ""


def event_of(case: Case, news: News, voice: Voice) -> Event | None:
    """The event that tells a piece of news, or None for what stands in the story only."""
    if news.kind in _OF_OFFER and news.offer is not None:
        return _say(case, news.kind.value, {**_base(case, news.offer), **_more(case, news, voice)}, voice, news.offer)
    if news.kind in _OF_CASE:
        return _say(case, news.kind.value, _case_data(case, news, voice), voice, None)
    return None


def vouched_event_of(case: Case, offer: Offer, voice: Voice) -> Event:
    """The acceptance once more, with what operators vouch for by now: for those who disclose, not for the partner."""
    return _say(case, Kind.ACCEPTED.value, {**_base(case, offer), **_accepted(case, offer, voice), "again": True}, voice, offer)


def state_event_of(case: Case, offer: Offer, voice: Voice) -> Event | None:
    """The answer to a reply that came too late: the event of the offer's present state, for the partner alone."""
    if offer.state not in STATES_TOLD:
        return None
    data = {**_base(case, offer), "reason": offer.detail_for_partner, "received": offer.received}
    return _say(case, offer.state.value, data, voice, offer)


def _say(case: Case, name: str, data: dict[str, Any], voice: Voice, offer: Offer | None) -> Event:
    return make(
        f"referral.{name}.v1",
        subject=case.id,
        data=data,
        urgent=case.urgency == "critical",
        partner_id=offer.partner_id if offer else None,
        time=voice.now,
    )


def _base(case: Case, offer: Offer) -> dict[str, Any]:
    return {
        "case_ref": case.id,
        "offer_id": offer.id,
        "partner_id": offer.partner_id,
        "need": offer.need,
        "need_number": case.number_of(offer.need),
        "urgency": case.urgency,
        "case_salt": offer.case_salt or None,
    }


def _more(case: Case, news: News, voice: Voice) -> dict[str, Any]:
    offer = news.offer
    if offer is None:
        return {}
    if news.kind is Kind.OFFERED:
        return _offered(offer, voice.showing.glimpse(offer.need, case.report))
    if news.kind is Kind.ACCEPTED:
        return _accepted(case, offer, voice)
    return {"reason": reason_for_partner(news.reason), "outcome": offer.detail_for_partner, "received": offer.received}


def _accepted(case: Case, offer: Offer, voice: Voice) -> dict[str, Any]:
    return {
        "county": case.report.county if case.report else "",
        "languages": case.report.languages if case.report else (),
        "accepted_at": offer.accepted_at,
        "partner_public_key": voice.public_key,
        "partner_key_id": key_id(voice.public_key),
        "vouch": voice.vouch or None,
        "signature": offer.signature or None,
        "signature_key_id": offer.signature_key_id or None,
    }


def _offered(offer: Offer, glimpse: Glimpse) -> dict[str, Any]:
    """Why the partner was chosen is in the story of the case, and would show what the offer leaves out."""
    return {
        **vars(glimpse),
        "respond_by": offer.due,
        "attempt": offer.attempt,
        "policy_version": offer.policy_version,
    }


def _case_data(case: Case, news: News, voice: Voice) -> dict[str, Any]:
    return {
        "case_ref": case.id,
        "urgency": case.urgency,
        "needs": list(case.needs),
        "county": case.report.county if case.report else "",
        "need": news.need,
        "need_number": case.number_of(news.need),
        "reason": news.reason,
        "reasons": rules_of(news.reasons),
        "told": voice.told,
        "needs_again": news.needs,
        **({"offer_id": news.offer.id, "partner_id": news.offer.partner_id} if news.offer else {}),
    }
