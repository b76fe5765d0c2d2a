"""Keyed hashes by which a returning person is recognised without being known."""

from __future__ import annotations

from collections.abc import Iterator

from ngao.chassis.storage.keyring import Keyring
from ngao.kernel.names import words
from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Person

# One name alone, or initials, are shared by too many people to conclude that a report is about the same person.
LEAST_WORDS_OF_A_NAME = 2


def person_keys(person: Person, keyring: Keyring, policy: IntakePolicy) -> tuple[str, ...]:
    """Return the hashes of each phone, e-mail, full name and reference; the values themselves are not stored.

    A full name has one hash in which the order of its words does not matter, and one in the order in which it was written.
    """
    return tuple(sorted({keyring.lookup_hash(kind, value) for kind, value in _normalised(person, policy)}))


def _normalised(person: Person, policy: IntakePolicy) -> Iterator[tuple[str, str]]:
    if person.defender_ref:
        yield "defender", person.defender_ref
    identity = person.identity or {}
    for number in policy.placeholders.real_phones(identity.get("phones", ()), policy.region):
        yield "phone", number
    for email in policy.placeholders.real_emails(identity.get("emails", ())):
        yield "email", email
    for name in policy.placeholders.real_names(identity.get("names", ())):
        found = words(name)
        if len(found) >= LEAST_WORDS_OF_A_NAME and any(len(word) > 1 or not word.isascii() for word in found):
            yield "name", " ".join(sorted(found))
            yield "name", " ".join(found)  # a report stored before names were sorted has this one alone
