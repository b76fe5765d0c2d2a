"""Decide whether a new fact opens a closed case again.

A case that was settled is opened by a new need, a new violation or a higher urgency. A case that ended because the report or
all consent was withdrawn is opened by a renewed consent, which allows offers, and by a new need or violation,
which a human gets because no partner may be asked. It is also opened when the registry retracts the withdrawal. A higher
urgency alone does not open it: that may come from another report about the same person. An update that only
repeats opens no case.

In an open case, a new violation opens the settled needs that it asks for or suggests: what was done before does not answer it.
"""

from __future__ import annotations

from collections.abc import Collection

from ngao.kernel.urgency import rank
from services.referral.cases.facts import Reason, Report

NEED_ADDED = Reason("need_added", "A need was added after the case had been closed.")
VIOLATION_ADDED = Reason("violation_added", "A violation was reported after what it asks for had been settled.")
URGENCY_RAISED = Reason("urgency_raised", "The urgency rose after the case had been closed.")
CONSENT_GIVEN = Reason("consent_given", "The person agreed to be referred after the case had been closed.")
WITHDRAWAL_RETRACTED = Reason("withdrawal_retracted", "The withdrawal that closed the case was another person's.")
REPORT_WITHDRAWN = "report_withdrawn"
CONSENT_WITHDRAWN = "consent_withdrawn"
WITHDRAWALS = frozenset({REPORT_WITHDRAWN, CONSENT_WITHDRAWN})
"""Reasons of a closed case that the person or the source gave."""

_VIOLATIONS = "violations"


def new_facts_in(before: Report, after: Report, known_needs: Collection[str], changed: Collection[str]) -> tuple[Reason, ...]:
    """Return the new facts of an update; `changed` are the parts that intake calls new."""
    found = {
        NEED_ADDED: any(name not in known_needs for name in after.needs),
        VIOLATION_ADDED: _VIOLATIONS in changed,
        URGENCY_RAISED: rank(after.urgency) < rank(before.urgency),
    }
    return tuple(reason for reason, there in found.items() if there)


def opens_again(closed_reason: str, new_facts: Collection[Reason]) -> tuple[Reason, ...]:
    """Return the new facts that open a case closed for this reason; none leaves it closed."""
    return tuple(reason for reason in new_facts if not (reason == URGENCY_RAISED and closed_reason in WITHDRAWALS))
