"""A report as it was posted, parsed and not yet triaged: still in clear, so it lives only while a request does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ngao.kernel.consent import Statement
from ngao.kernel.names import comparable
from ngao.kernel.text import clean


@dataclass(frozen=True)
class Violation:
    """What was done, to whom, by which kinds of perpetrator; coded by the coalition's lists.

    `ongoing` is None where it was not stated: over, or as known before. `occurred_at` is there if it is not the report's own.
    `counts_from` is the moment that replaces it in triage, where the act came later without a date, or with a doubtful one.
    """

    type: str
    ongoing: bool | None = None
    against: str = "defender"
    perpetrators: tuple[str, ...] = ()
    involvements: tuple[str | None, ...] = ()
    occurred_at: datetime | None = None
    occurred_precision: str = ""
    counts_from: datetime | None = None


@dataclass(frozen=True)
class Place:
    """Where it happened, or in an update where the person is now, as the source coded it."""

    scheme: str
    code: str
    precision: str = "county"


@dataclass(frozen=True)
class DateDoubt:
    """Why the date of a report is not the one that was stated, and which was: None if none could be read."""

    reason: str
    stated: datetime | None = None
    precision: str = ""


@dataclass(frozen=True)
class Person:
    """Who it is about: everything here is sealed before anything is stored. `repr` never shows it."""

    identity: Mapping[str, Any] | None = field(default=None, repr=False)
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    contact_safety: Mapping[str, Any] | None = field(default=None, repr=False)
    defender_ref: str | None = None

    @property
    def is_named(self) -> bool:
        """True if it names the person."""
        return bool(self.identity or self.defender_ref)

    @property
    def needs_sealing(self) -> bool:
        """True if there is anything that only the registry may read."""
        return bool(self.identity or self.attributes or self.contact_safety)

    def readable(self) -> Person:
        """Return the same as its readers may see it: texts without control characters, and no name without a letter or digit."""
        return replace(
            self,
            identity=_readable_identity(self.identity or {}),
            attributes=readable(self.attributes),
            contact_safety=readable(self.contact_safety),
        )


@dataclass(frozen=True)
class Draft:
    """One posted report. It has no `place` where none could be read, and a `doubt` where the date is not the one stated."""

    source_event_id: str
    occurred_at: datetime
    reporter_role: str
    violations: tuple[Violation, ...]
    place: Place | None
    occurred_precision: str = "exact"
    doubt: DateDoubt | None = None
    person: Person = field(default_factory=Person)
    languages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    consents: tuple[Statement, ...] = ()
    narrative: str | None = field(default=None, repr=False)
    attachments: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


def content_to_hash(draft: Draft) -> str:
    """Return the content of a report in one encoding: two posts have the same content if and only if these are equal.

    Neither the Unicode form of a text nor its line ends make a difference, because programs change them on the way. The result
    is as sensitive as the report: only a keyed hash of it may be kept, because a plain hash of a short report could be guessed.
    """
    return as_json(readable(_content(draft)))


def content_as_received(draft: Draft) -> str:
    """Return the same as earlier versions of the program encoded it, character for character, to recognise what they got."""
    return as_json(_content(draft))


def readable(value: Any) -> Any:
    """Return a value of JSON with every text in it in one Unicode form, without control and invisible characters."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {name: readable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    return value


def as_json(content: Any) -> str:
    """Return content in the one encoding that is hashed."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _readable_identity(identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the readable part of an identity, or None if nothing in it names anyone."""
    texts = readable(identity)
    if "names" in texts:
        texts["names"] = [name for name in texts["names"] if comparable(name)]
    return texts if any(texts.values()) else None


def _content(draft: Draft) -> dict[str, Any]:
    return {
        "occurred": stated_date(draft.occurred_at, draft.occurred_precision, draft.doubt),
        "reporter": draft.reporter_role,
        "violations": [encoded_act(replace(act, ongoing=bool(act.ongoing))) for act in draft.violations],
        "place": [draft.place.scheme, draft.place.code, draft.place.precision] if draft.place else [],
        "person": [draft.person.identity, draft.person.attributes, draft.person.contact_safety, draft.person.defender_ref],
        "languages": sorted(draft.languages),
        "needs": sorted(draft.needs),
        "consents": sorted(_consent(consent) for consent in draft.consents),
        "narrative": draft.narrative,
        "attachments": list(draft.attachments),
    }


def stated_date(occurred_at: datetime | None, precision: str, doubt: DateDoubt | None) -> list[str]:
    """Return a stated date in one encoding; one that we have set instead differs at each post, so it is left out."""
    if doubt:
        occurred_at, precision = doubt.stated, doubt.precision
    return [_moment(occurred_at), precision] if occurred_at else []


def encoded_act(act: Violation) -> list[Any]:
    """Return an act in one encoding, its date only if it has one of its own."""
    date = [_moment(act.occurred_at), act.occurred_precision] if act.occurred_at else []
    return [act.type, act.ongoing, act.against, list(act.perpetrators), list(act.involvements), *date]


def _consent(consent: Statement) -> list[str]:
    return [consent.purpose, *sorted(consent.scope), consent.recipient or "", _moment(consent.until) if consent.until else ""]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
