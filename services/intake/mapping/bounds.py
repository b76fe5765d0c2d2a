"""The fields that bound what a person allows. One that was stated and cannot be read allows nothing, so it widens nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ngao.kernel.consent import Statement
from services.intake.reports.draft import Person

_CONSENT = re.compile(r"^/consent/(\d+|\*)(/|$)")
# All but those that are no when they are missing: whether to leave a message, whether only the person answers the phone.
_CONDITION = re.compile(r"^/contact_safety(?!/(voicemail|shared_phone)(/|$))(/|$)")
_CHANNELS = {"phones": frozenset({"phone", "sms"}), "emails": frozenset({"email"})}


def is_bound(pointer: str) -> bool:
    """Return True if a consent, or the safety of a contact, is wider without the field."""
    return bool(_CONSENT.match(pointer)) or is_condition(pointer)


def is_condition(pointer: str) -> bool:
    """Return True if contact may be unsafe when the field cannot be read."""
    return bool(_CONDITION.match(pointer))


def bounded(consents: Sequence[Any], unread: Collection[str]) -> list[Any]:
    """Return the stated consents that have a field among the unreadable pointers; `*` is a field of each."""
    numbers = {found[1] for found in map(_CONSENT.match, unread) if found}
    return [consent for at, consent in enumerate(consents) if numbers & {"*", str(at)}]


def allowed(consents: Sequence[Statement], stated: Sequence[Any], lost: Sequence[Any]) -> tuple[Statement, ...]:
    """Return the consents but for those that are lost, each known by the very object that states it: two may state the same."""
    pairs = zip(consents, stated, strict=True)
    return tuple(consent for consent, one in pairs if not any(one is other for other in lost))


def with_safe_channels(person: Person, unread: Collection[str]) -> Person:
    """Return the person without the channels of which no address could be read: an older address was not called safe."""
    safety, identity = person.contact_safety, person.identity or {}
    lost = {kind for kind in _CHANNELS if not identity.get(kind) and any(_is_address(pointer, kind) for pointer in unread)}
    unsafe = frozenset[str]().union(*(_CHANNELS[kind] for kind in lost))
    if not safety or unsafe.isdisjoint(safety["channels"]):
        return person
    return replace(person, contact_safety=_without(safety, unsafe))


def _is_address(pointer: str, kind: str) -> bool:
    return re.match(rf"^/subject/identity/{kind}(/|$)", pointer) is not None


def _without(safety: Mapping[str, Any], unsafe: frozenset[str]) -> dict[str, Any]:
    return {**safety, "channels": [channel for channel in safety["channels"] if channel not in unsafe]}
