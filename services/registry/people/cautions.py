"""Cautions for anyone who contacts a person, derived from a report's safe contact."""

from __future__ import annotations

from dataclasses import dataclass

from services.registry.contact.model import Why
from services.registry.people.identity import ContactSafety


@dataclass(frozen=True)
class Caution:
    """A code, and the sentence for a human."""

    code: str
    text: str


DO_NOT = Caution("do_not_contact", "Do not contact this person: no report says that it is safe.")
STOPPED = Caution("stopped", "Do not contact this person: they have said stop.")
PERSON_CALLS = Caution("person_calls", "Do not contact this person: they will call.")
RECONFIRM = Caution("reconfirm", "Ask whether all this still holds: it was confirmed long ago.")
_SHARED = Caution("shared_phone", "Another person may answer or read this phone: do not say who you are or what it is about.")
_NO_VOICEMAIL = Caution("no_voicemail", "Leave no voicemail.")
_CODE_WORD = Caution("code_word", "Use the code word before you say anything else.")
_HOURS = Caution("safe_hours", "Contact the person only in the safe hours, in the person's own time zone.")
_INSTRUCTIONS = Caution("instructions", "Read the person's own instructions first.")


def cautions_of(safety: ContactSafety | None, why: Why | None = None, *, overdue: bool = False) -> tuple[Caution, ...]:
    """Return the cautions, the gravest first; when contact is not safe there is only that one. `why` says it more precisely."""
    if safety is None or not safety.is_safe:
        return ({Why.STOPPED: STOPPED, Why.PERSON_CALLS: PERSON_CALLS}.get(why or Why.NOT_SAFE, DO_NOT),)
    channels = Caution("only_channels", f"Use only: {', '.join(safety.channels)}.")
    return tuple(
        caution
        for caution, holds in (
            (channels, True),
            (RECONFIRM, overdue),
            (_SHARED, safety.shared_phone),
            (_CODE_WORD, safety.code_word),
            (_HOURS, safety.hours),
            (_NO_VOICEMAIL, not safety.voicemail),
            (_INSTRUCTIONS, safety.instructions),
        )
        if holds
    )
