"""A report as it came in, parsed and not yet judged: still in clear, so it lives only while a request does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.intake.domain.consent import Consent


@dataclass(frozen=True)
class Violation:
    """What was done, to whom, by which kinds of perpetrator; coded by the coalition's lists."""

    type: str
    ongoing: bool = False
    against: str = "defender"
    perpetrators: tuple[str, ...] = ()
    involvements: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where, as the source coded it."""

    scheme: str
    code: str
    precision: str = "county"


@dataclass(frozen=True)
class Person:
    """Who it is about: everything here is sealed before anything is stored. `repr` never shows it."""

    identity: Mapping[str, Any] | None = field(default=None, repr=False)
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    contact_safety: Mapping[str, Any] | None = field(default=None, repr=False)
    defender_ref: str | None = None

    @property
    def is_named(self) -> bool:
        """True if it says who the person is."""
        return bool(self.identity or self.defender_ref)

    @property
    def needs_sealing(self) -> bool:
        """True if there is anything that only the registry may read."""
        return bool(self.identity or self.attributes or self.contact_safety)


@dataclass(frozen=True)
class Draft:
    """One call for help as the source told it."""

    source_event_id: str
    occurred_at: datetime
    reporter_role: str
    violations: tuple[Violation, ...]
    place: Place
    occurred_precision: str = "exact"
    person: Person = field(default_factory=Person)
    languages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    narrative: str | None = field(default=None, repr=False)
    attachments: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


def canonical_content(draft: Draft) -> str:
    """Everything the source said, in one form: two posts say the same if and only if these are equal.

    The result is as sensitive as the report: only a keyed hash of it may be kept, because a plain hash of a short report could
    be guessed.
    """
    content = {
        "occurred": [_moment(draft.occurred_at), draft.occurred_precision],
        "reporter": draft.reporter_role,
        "violations": [_violation(each) for each in draft.violations],
        "place": [draft.place.scheme, draft.place.code, draft.place.precision],
        "person": [draft.person.identity, draft.person.attributes, draft.person.contact_safety, draft.person.defender_ref],
        "languages": sorted(draft.languages),
        "needs": sorted(draft.needs),
        "consents": sorted(_consent(each) for each in draft.consents),
        "narrative": draft.narrative,
        "attachments": list(draft.attachments),
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _violation(violation: Violation) -> list[Any]:
    return [
        violation.type, violation.ongoing, violation.against, list(violation.perpetrators), list(violation.involvements)
    ]


def _consent(consent: Consent) -> list[str]:
    return [consent.purpose, *sorted(consent.scope), consent.recipient or "", _moment(consent.until) if consent.until else ""]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
