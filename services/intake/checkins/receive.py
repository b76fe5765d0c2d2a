"""Make a report of a check-in that was missed, and a critical one of a call for help in secret."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import on
from ngao.contracts.events.registry import CheckinDuress, CheckinMissed
from ngao.kernel.ids import CHECKINS_SOURCE
from ngao.kernel.records import to_record
from ngao.kernel.vocabulary import ISO_PLACES
from services.intake.context import Context
from services.intake.reports.dates import FUTURE_TOLERANCE
from services.intake.reports.reading import draft_of
from services.intake.reports.receive import receive_report
from services.intake.reports.vocabulary import GENERAL

_HELP, _MISSED = "help_signal", "missed_check_in"


@on(CheckinMissed)
def receive_missed(ctx: Context, event: CheckinMissed) -> None:
    """Receive it as any report, once for each time that the check-in was due."""
    receive_report(ctx, CHECKINS_SOURCE, draft_of(_report(ctx, event, _MISSED)))


@on(CheckinDuress)
def receive_duress(ctx: Context, event: CheckinDuress) -> None:
    """Receive it as any report: the rules of triage make it critical."""
    receive_report(ctx, CHECKINS_SOURCE, draft_of(_report(ctx, event, _HELP)))


def _report(ctx: Context, event: CheckinMissed, violation: str) -> dict[str, Any]:
    """Return the report. A code that the lists do not know any more is left out: it must not cost the call."""
    lists = ctx.policy.vocabulary
    county = event.county if event.county and lists.county(ISO_PLACES, event.county) else None
    return {
        "source_event_id": f"{event.checkin_id}-{event.occasion}-{violation}-{int(event.due_at.timestamp())}",
        "occurred_at": min(event.due_at, ctx.now + FUTURE_TOLERANCE),
        "occurred_precision": "exact",
        "reporter": {"role": "self" if violation == _HELP else "unknown"},
        "violations": [{
            "type": violation if violation in lists.violations else GENERAL,
            "ongoing": True, "against": "defender", "perpetrators": [],
        }],
        "subject": {"defender_ref": event.defender_ref},
        "location": {"scheme": ISO_PLACES, "code": county} if county else None,
        "languages": [each for each in event.languages if each in lists.languages],
        "needs": [each for each in event.needs if each in lists.supports],
        "consent": [to_record(each) for each in event.consent],
        "attachments": [],
    }  # fmt: skip
