"""The state of the platform as sentences, the worst first: what the page of the system says, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from services.console.system.model import Readiness, Sentence, State
from services.console.values import moment_of

OUTBOX_WITHIN = timedelta(minutes=2)
"""An event that has waited for longer is worth a sentence: usually it leaves within a second."""
_GRAVE = {"ladders": "no_one_on_duty", "alarms": "alarms_unseen", "mail": "mail_refused"}
_WARNED = {"audit": "audit", "backup": "backup_late", "recipients": "recipients"}


class Gravity(IntEnum):
    """How grave a sentence is, the gravest first."""

    STOPPED = 0
    UNREACHED = 1
    WAITING = 2
    WARNING = 3
    NOT_KNOWN = 4
    GOOD = 5


@dataclass(frozen=True)
class Finding:
    """One sentence by its code, with what it names. `said` is what the service itself says of it, in English."""

    gravity: Gravity
    code: str
    service: str = ""
    number: int = 0
    since: datetime | None = None
    said: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[int, str, str]:
        """The order on the page."""
        return (self.gravity, self.code, self.service)


def of_services(states: Mapping[str, Readiness]) -> Iterator[Finding]:
    """Yield what the services say of themselves; a service that lacks nothing and warns of nothing is good news."""
    for name, found in states.items():
        if found.state in {State.NO_ANSWER, State.NO_ADDRESS}:
            yield Finding(Gravity.STOPPED, "no_answer" if found.state is State.NO_ANSWER else "no_address", name)
        elif found.state is State.NOT_READY:
            yield Finding(Gravity.STOPPED, "not_ready", name, said=tuple(each.says for each in found.missing))
        else:
            yield Finding(Gravity.GOOD, "works", name)
        yield from (_warning(name, each) for each in found.warnings)


def of_backups(states: Mapping[str, Readiness]) -> Iterator[Finding]:
    """Yield since when every store that was asked has a backup. One that is late is a warning of its service besides."""
    asked = [each.backed_up for each in states.values() if each.state in {State.READY, State.NOT_READY}]
    known = [each for each in asked if each is not None]
    if asked and len(known) == len(asked):
        yield Finding(Gravity.GOOD, "backup", since=min(known))
    elif asked:
        yield Finding(Gravity.NOT_KNOWN, "no_backup")


def of_parked(service: str, parked: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield how many messages are set aside at a service, and since when the oldest is."""
    yield from _waiting("parked", service, [each.get("first_parked_at") for each in parked])


def of_quarantine(held: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield how many forms could not be read, and since when the oldest waits: each may be a call for help."""
    for each in _waiting("quarantine", "intake", [form.get("first_posted_at") for form in held]):
        yield Finding(Gravity.UNREACHED, each.code, each.service, each.number, each.since)


def of_outbox(service: str, outbox: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    """Yield how many events of a service wait for the broker, if the oldest has waited for too long."""
    oldest = moment_of(outbox.get("oldest_created_at"))
    if oldest is not None and now - oldest > OUTBOX_WITHIN:
        yield Finding(Gravity.WAITING, "outbox", service, int(outbox.get("waiting") or 0), oldest)


def not_known(code: str, services: Iterable[str]) -> Iterator[Finding]:
    """Yield what could not be asked: a part that does not answer is named, and is no good news."""
    yield from (Finding(Gravity.NOT_KNOWN, code, name) for name in services)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the sentences in the order of the page."""
    return sorted(findings, key=lambda each: each.rank)


def _warning(service: str, said: Sentence) -> Finding:
    if said.check in _GRAVE:
        return Finding(Gravity.UNREACHED, _GRAVE[said.check], service, said=(said.says,))
    return Finding(Gravity.WARNING, _WARNED.get(said.check, "warning"), service, said=(said.says,))


def _waiting(code: str, service: str, since: Iterable[Any]) -> Iterator[Finding]:
    moments = [moment_of(each) for each in since]
    if moments:
        oldest = min((each for each in moments if each is not None), default=None)
        yield Finding(Gravity.WAITING, code, service, len(moments), oldest)
