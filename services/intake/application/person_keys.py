"""Keyed hashes by which a returning person is recognised without being known."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers

from services.intake.application.ports import KeyedHashes
from services.intake.domain.draft import Person

# One name alone is shared by too many people to say that a report is about the same person.
LEAST_WORDS_OF_A_NAME = 2


def person_keys(person: Person, hashes: KeyedHashes, region: str) -> tuple[str, ...]:
    """One hash for each phone, e-mail, full name and reference; the values themselves are not kept."""
    return tuple(sorted({hashes.of(kind, value) for kind, value in _normalised(person, region)}))


def _normalised(person: Person, region: str) -> Iterator[tuple[str, str]]:
    if person.defender_ref:
        yield "defender", person.defender_ref
    identity = person.identity or {}
    for phone in identity.get("phones", ()):
        yield "phone", normal_phone(phone, region)
    for email in identity.get("emails", ()):
        yield "email", email.strip().lower()
    for name in identity.get("names", ()):
        words = name.casefold().split()
        if len(words) >= LEAST_WORDS_OF_A_NAME:
            yield "name", " ".join(words)


def normal_phone(phone: str, region: str) -> str:
    """A phone number as E.164; one that is no possible number keeps its digits only."""
    try:
        parsed = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return "".join(char for char in phone if char.isdigit())
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
