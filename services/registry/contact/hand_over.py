"""Hand over one address to notify for one message: decided at this very moment, sealed to notify's own key, for a few minutes.

Notify asks again for each try. It learns no hours: outside of them it is asked to wait.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from ngao.chassis.errors import Misconfigured
from ngao.chassis.handlers import before_publishing, on
from ngao.contracts.events.notify import AddressRequested
from ngao.contracts.events.registry import AddressHanded, AddressRefused
from services.registry.cases.model import Case
from services.registry.contact.model import HandOver, Way, Why
from services.registry.contact.standing import ways_of_case
from services.registry.contact.ways import first_refusal
from services.registry.context import REGISTRY, Context
from services.registry.people.finding import known_case, person_of, who_may_be

USABLE_FOR, _STEP = timedelta(minutes=5), timedelta(seconds=15)
MOST_TIMES = 12
NO_KEY, TOO_OFTEN = "no_key", "handed_too_often"
_WAIT = frozenset({str(Why.OUTSIDE_HOURS), NO_KEY})
"""Reasons that end by themselves, or by an operator: the message waits."""


@on(AddressRequested)
def hand_over_address(ctx: Context, request: AddressRequested) -> None:
    """Hand the address over or refuse, once for each request. Raises Retryable for an unknown case.

    The case is written, as a stop and every change of how the person is reached write it: at the same moment they conflict.
    """
    done = ctx.hand_overs.get(request.message_id)
    if done is not None and (done.ask_id == request.ask_id or done.case_ref != request.case_ref):
        return
    case = known_case(ctx, request.case_ref)
    answer = done or HandOver(request.message_id, "", case.id, case.defender_ref or "", request.channel, ctx.now)
    before, answer.ask_id, answer.at = (answer.reason, answer.times), request.ask_id, ctx.now
    decided = TOO_OFTEN if answer.times >= MOST_TIMES else _way_now(ctx, case, request.channel)
    if isinstance(decided, Way):
        decided = _hand(ctx, case, answer, decided)
    answer.reason = decided
    if decided:
        _refuse(ctx, case, answer)
    ctx.hand_overs.save(answer)
    ctx.cases.save(case)
    if (answer.reason, answer.times) != before:
        _audit(ctx, answer)


@before_publishing(AddressHanded)
def address_may_leave(ctx: Context, event: AddressHanded) -> bool:
    """Decide again whether an address may leave at this moment. If not, notify gets the reason instead."""
    answer, case = ctx.hand_overs.get(event.message_id), ctx.cases.get(event.case_ref)
    if answer is None or case is None or answer.ask_id != event.ask_id or answer.reason:
        return False
    decided = _way_now(ctx, case, event.channel)
    if isinstance(decided, Way) and answer.until is not None and ctx.now < answer.until:
        return True
    answer.reason = str(Why.OUTSIDE_HOURS) if isinstance(decided, Way) else decided
    _refuse(ctx, case, answer)
    ctx.hand_overs.save(answer)
    _audit(ctx, answer)
    return False


def _way_now(ctx: Context, case: Case, channel: str) -> Way | str:
    """Return the contact of this channel that may be used at this moment, or why there is none."""
    person = person_of(ctx, case.defender_ref)
    if person is None or not case.is_open:
        return str(Why.NOT_SAFE)
    found = [way for way in ways_of_case(ctx, case, person, who_may_be(ctx, person))[0] if way.channel == channel]
    open_now = [way for way in found if way.may_now(ctx.now) is None]
    return open_now[0] if open_now else str(first_refusal(found, ctx.now))


def _hand(ctx: Context, case: Case, answer: HandOver, way: Way) -> str:
    """Publish the sealed address, and return nothing; or why it cannot be sealed: there is no key of notify's."""
    try:
        key_id, public = ctx.key_of_notify()
    except Misconfigured:
        return NO_KEY
    answer.until, answer.times = _until(way, ctx.now), answer.times + 1
    content = {"v": 1, "message_id": answer.id, "ask_id": answer.ask_id, "channel": way.channel, "address": way.address}
    box = ctx.boxes.seal_to(public, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    handed = AddressHanded(
        message_id=answer.id, ask_id=answer.ask_id, case_ref=case.id, channel=way.channel, until=answer.until,
        key_id=key_id, box=box,
    )  # fmt: skip
    ctx.publish(handed, subject=case.id, urgent=case.urgent)
    return ""


def _until(way: Way, now: datetime) -> datetime:
    """Return how long the address may be used: a few minutes, and not after the hours end."""
    steps = (now + _STEP * number for number in range(1, USABLE_FOR // _STEP + 1))
    until = now
    for moment in steps:
        if way.may_now(moment) is not None:
            break
        until = moment
    return until


def _refuse(ctx: Context, case: Case, answer: HandOver) -> None:
    refused = AddressRefused(
        message_id=answer.id, ask_id=answer.ask_id, case_ref=case.id, reason=answer.reason, wait=answer.reason in _WAIT
    )
    ctx.publish(refused, subject=case.id, urgent=case.urgent)


def _audit(ctx: Context, answer: HandOver) -> None:
    detail = {"message": answer.id, "channel": answer.channel} | ({"reason": answer.reason} if answer.reason else {})
    action = "address.refused" if answer.reason else "address.handed"
    ctx.audit(action, subject=answer.case_ref, actor=REGISTRY, detail=detail)
