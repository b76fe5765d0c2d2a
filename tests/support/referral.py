"""Referral in memory, and what others say to it; who and what in it is invented."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ngao.chassis.security.identity import Principal
from ngao.contracts import Event, Payload, open_event, received, type_named
from ngao.contracts.events.intake import ReportAccepted, ReportUpdated, ReportWithdrawn, StatedConsent
from ngao.contracts.events.registry import ConsentChanged, ContactSummary, DefenderResolved, Restriction
from ngao.kernel.consent import Statement
from ngao.kernel.urgency import URGENCIES
from ngao.testing.memory import SHIPPED_POLICY
from ngao.testing.referral import ReferralInMemory
from services.referral.cases import follow
from services.referral.cases.changes import CaseChange
from services.referral.cases.deadlines import Deadlines, Waits
from services.referral.cases.facts import NOTHING, Changed, Defender, Report
from services.referral.cases.model import Case
from services.referral.context import Context
from services.referral.directory.model import Partner
from services.referral.matching.model import Load, MatchingPolicy, Weights
from services.referral.policy import load_vocabulary

KEY = b64encode(bytes(32)).decode()
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VOCABULARY = load_vocabulary([SHIPPED_POLICY])
POLICY = MatchingPolicy(
    "p1", Weights(local=40, language=30, free_capacity=20, response=20, open_now=10), 40, "other", timezone="Africa/Nairobi"
)
_WAITS = Waits(timedelta(minutes=15), timedelta(hours=1), timedelta(days=1), timedelta(minutes=10))
DEADLINES = Deadlines("p1", "duty_officer", timedelta(seconds=30), dict.fromkeys(URGENCIES, _WAITS))


def partner(partner_id: str, **changes: Any) -> Partner:
    values: dict[str, Any] = {
        "name": partner_id, "support_types": ("legal_aid",), "counties": ("*",), "languages": ("sw",), "capacity": 5,
        "public_key": KEY, "vetted": True,
    }
    return Partner(partner_id, **{**values, **changes})


def report(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "report_id": "r1", "urgency": "high", "needs": ("legal_aid",), "sequence": 1, "county": "KE-30", "languages": ("sw",),
        "received_at": START,
    }
    return Report(**{**values, **changes})


def defender(*never: str, sequence: int = 1) -> Defender:
    return Defender("DEF-0000000001", "new", frozenset(never), sequence)


def consent(*, granted: bool = True, at: datetime = START, recipient: str | None = None, scope: tuple[str, ...] = ("contact",),
            until: datetime | None = None) -> Statement:
    return Statement("referral", scope, recipient, until, at, granted)


class Office(ReferralInMemory):
    """Referral in memory with rules of its own."""

    def __init__(self, *partners: Partner) -> None:
        super().__init__(START, (POLICY, DEADLINES), VOCABULARY)
        for each in partners:
            self.partners.put(each)

    def ctx(self, operator: str = "") -> Context:
        """The context of a new unit of work, as an operator's if one is named."""
        return self.open(Principal("operator", operator) if operator else None)

    def case(self, case_ref: str = "NG-1") -> Case:
        return self.cases.kept[case_ref]

    def held(self, partner_id: str) -> int:
        """How many referrals a partner holds."""
        return self.ctx().engagements.loads([partner_id]).get(partner_id, Load()).accepted

    def kinds(self) -> list[str]:
        return [news.kind.value for _, news in self.cases.changes]

    def last(self, kind: str) -> CaseChange:
        return next(news for _, news in reversed(self.cases.changes) if news.kind.value == kind)


def office(*partners: Partner) -> Office:
    return Office(*partners)


def envelope(payload: Payload, case_ref: str, sequence: int, time: datetime) -> Event:
    """What surrounds a payload that came from another service."""
    return Event(payload.type_name, f"/ngao/{payload.type_name.partition('.')[0]}", case_ref, {}, "e1", time, sequence=sequence)


def follow_report(ctx: Context, case_ref: str, told: Report, agreed: list[Statement]) -> None:
    """Let intake say this report."""
    event = ReportAccepted(
        report_id=told.report_id, case_ref=case_ref, source_id="forms", received_at=told.received_at or ctx.now,
        occurred_at=ctx.now, urgency=told.urgency, policy_version="p1", needs=told.needs, needs_proposed=told.proposed,
        county=told.county, languages=told.languages, consent=_stated(agreed), has_narrative=False,
    )  # fmt: skip
    follow.follow_report(ctx, event, envelope(event, case_ref, told.sequence, ctx.now))


def apply_update(ctx: Context, case_ref: str, told: Report, agreed: list[Statement], changed: Changed = NOTHING) -> None:
    """Let intake say this later word; its consents all have the time of the event."""
    event = ReportUpdated(
        report_id=told.report_id, case_ref=case_ref, urgency=told.urgency, policy_version="p1", needs=told.needs,
        needs_proposed=told.proposed, county=told.county or None, consent=_stated(agreed), has_narrative=False,
        news=tuple(changed.parts), needs_again=changed.needs_again,
    )  # fmt: skip
    time = agreed[0].at if agreed else ctx.now
    follow.follow_update(ctx, event, envelope(event, case_ref, told.sequence, time))


def apply_withdrawal(ctx: Context, case_ref: str, sequence: int = 0) -> None:
    """Let intake say that the report is withdrawn."""
    event = ReportWithdrawn(report_id="r1", case_ref=case_ref)
    follow.follow_withdrawal(ctx, event, envelope(event, case_ref, sequence, ctx.now))


def apply_defender(ctx: Context, case_ref: str, known: Defender) -> None:
    """Let the registry say who it is."""
    event = DefenderResolved(
        case_ref=case_ref, defender_ref=known.defender_ref, resolution=known.resolution,
        restrictions=tuple(Restriction(kind="never_refer", partner_id=each) for each in known.never_refer),
        contact=ContactSummary(may_contact=False, channels=()),
    )  # fmt: skip
    follow.follow_defender(ctx, event, envelope(event, case_ref, known.sequence, ctx.now))


def apply_consent(ctx: Context, case_ref: str, said: Statement, sequence: int = 1, *, retracted: bool = False) -> None:
    """Let the registry say that a consent was given or withdrawn, or that another person said so."""
    event = ConsentChanged(
        case_ref=case_ref, purpose=said.purpose, scope=said.scope, recipient=said.recipient, until=said.until,
        granted=said.granted, effective_at=said.at, retracted=retracted,
    )  # fmt: skip
    follow.follow_consent(ctx, event, envelope(event, case_ref, sequence, ctx.now))


def payload_of(event: Event) -> Any:
    """What a handler gets of an event."""
    kind = type_named(event.type).payload
    assert kind
    return received(kind, replace(event, data=open_event(event)))


def _stated(agreed: list[Statement]) -> tuple[StatedConsent, ...]:
    return tuple(
        StatedConsent(purpose=each.purpose, scope=each.scope, recipient=each.recipient, until=each.until) for each in agreed
    )
