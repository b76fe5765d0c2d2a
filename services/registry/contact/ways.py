"""Decide what holds for each contact of a person where officers and reports differ.

What a human confirmed last holds. A report that came later may only forbid more: what it allows waits for a human.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.registry.contact.model import ALLOWED, ANYONE, NEVER, ONLY_PERSON, Rule, Standing, Stated, Way, Why
from services.registry.contact.week import both, is_never
from services.registry.people.identity import ContactSafety, Identity

PHONE_CHANNELS = frozenset({"phone", "sms"})


def ways(
    own: Stated | None, standing: Standing, now: datetime, *, others: Iterable[Stated] = (), held: bool = False
) -> list[Way]:
    """Return every contact of a person that a report or an officer names, the confirmed ones first, with what holds for each.

    `own` is the report by which the person is reached. `others` are their other reports: they only forbid, and only what was
    confirmed before they came. A reader who has the contact (`held`) keeps it when its confirmation is overdue.
    """
    rules = sorted(standing.rules, key=lambda rule: rule.confirmed_at, reverse=True)
    named = dict.fromkeys((rule.channel, rule.address) for rule in rules)
    named |= dict.fromkeys(_pairs(own.identity)) if own else {}
    reports = tuple(each for each in (own, *others) if each)
    found: list[Way | None] = []
    for channel, address in named:
        rule = standing.rule_of(channel, address)
        if rule is None:
            found.append(_reported(channel, address, own, standing))
        else:
            late = standing.terms.is_overdue(rule, now) and not held
            found.append(_confirmed(rule, reports, Why.STOPPED if standing.stopped else Why.OVERDUE if late else None))
    return [way for way in found if way]


def _pairs(identity: Identity) -> list[tuple[str, str]]:
    phones = [(channel, phone) for phone in identity.phones for channel in ("phone", "sms")]
    return [*phones, *(("email", email) for email in identity.emails)]


def _confirmed(rule: Rule, reports: Iterable[Stated], why_not: Why | None) -> Way:
    """Return a confirmed contact as it holds after the reports that came later; `why_not` is about all of the person's."""
    if why_not is not Why.STOPPED and not rule.allowed:
        why_not = Why.PERSON_CALLS if rule.person_calls else Why.NOT_SAFE
    narrowed: Rule | None = rule
    for safety in (each.safety for each in reports if each.at > rule.confirmed_at):
        narrowed = _narrowed(narrowed, safety) if narrowed and safety else narrowed
    return Way(rule.channel, rule.address, narrowed or rule, why_not or (None if narrowed else Why.NOT_SAFE))


def _narrowed(rule: Rule, safety: ContactSafety) -> Rule | None:
    """Return the rule with what a later report forbids, or None if it forbids the channel or leaves no hour."""
    if not safety.is_safe or rule.channel not in safety.channels:
        return None
    hours = both(rule.hours, safety.hours)
    if is_never(hours):
        return None
    shared = safety.shared_phone
    return replace(
        rule,
        hours=hours,
        shared_device=rule.shared_device or shared,
        voicemail=rule.voicemail if safety.voicemail else NEVER,
        code_word=safety.code_word or rule.code_word,
        instructions="\n".join(each for each in (safety.instructions, rule.instructions) if each) or None,
    )


def _reported(channel: str, address: str, own: Stated | None, standing: Standing) -> Way | None:
    """Return a contact as its report says it, if no officer has confirmed it over this channel.

    What an officer forbade over one channel is not used over another because an older report allowed that.
    """
    if own is None or own.safety is None:
        return None
    safety = own.safety
    rule = Rule(
        id="", channel=channel, address=address, confirmed_at=own.at, confirmed_by="", confirmed_how="",
        allowed=safety.is_safe and channel in safety.channels, hours=safety.hours, zone=standing.terms.zone,
        who_answers=ANYONE if safety.shared_phone else ONLY_PERSON, shared_device=safety.shared_phone,
        voicemail=ALLOWED if safety.voicemail else NEVER, code_word=safety.code_word, instructions=safety.instructions,
    )  # fmt: skip
    forbidden = any(each.address == address and not each.allowed for each in standing.rules)
    why = Why.STOPPED if standing.stopped else None if rule.allowed and not forbidden else Why.NOT_SAFE
    return Way(channel, address, rule, why, by_officer=False)


def together(found: Sequence[Way], names: tuple[str, ...]) -> tuple[Identity, ContactSafety, tuple[Way, ...]]:
    """Return the contacts that may be used as one identity with one safe contact: the most careful of each.

    Contacts whose hours have nothing in common cannot share one: then those of the first one's hours stay.
    """
    usable = _agreeing([way for way in found if way.is_open])
    rules = [way.rule for way in usable]
    hours: tuple[Mapping[str, Any], ...] = ()
    for rule in rules:
        hours = both(hours, rule.hours)
    safety = ContactSafety(
        may_contact=bool(usable),
        channels=tuple(dict.fromkeys(rule.channel for rule in rules)),
        hours=hours,
        code_word=next((rule.code_word for rule in rules if rule.code_word), None),
        voicemail=bool(rules) and all(rule.voicemail == ALLOWED for rule in rules),
        shared_phone=any(rule.is_shared for rule in rules) or not rules,
        instructions="\n".join(dict.fromkeys(rule.instructions for rule in rules if rule.instructions)) or None,
    )
    phones = tuple(dict.fromkeys(way.address for way in usable if way.channel in PHONE_CHANNELS))
    emails = tuple(dict.fromkeys(way.address for way in usable if way.channel == "email"))
    return Identity(names, phones, emails), safety, tuple(usable)


def _agreeing(usable: Sequence[Way]) -> list[Way]:
    kept: list[Way] = []
    hours: tuple[Mapping[str, Any], ...] = ()
    for way in usable:
        narrowed = both(hours, way.rule.hours)
        if not is_never(narrowed) and (not kept or way.rule.zone == kept[0].rule.zone):
            kept, hours = [*kept, way], narrowed
    return kept


def first_refusal(found: Iterable[Way], now: datetime) -> Why:
    """Return why no contact may be used now: the reason that a human can end soonest."""
    reasons = {way.may_now(now) for way in found}
    order = (Why.STOPPED, Why.OUTSIDE_HOURS, Why.OVERDUE, Why.PERSON_CALLS, Why.NOT_SAFE)
    return next((why for why in order if why in reasons), Why.NOT_SAFE)
