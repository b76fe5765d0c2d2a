"""The coalition's lists, and the check of a report against them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from ngao.kernel.names import comparable
from ngao.kernel.problems import FieldError
from ngao.kernel.vocabulary import ISO_PLACES, Vocabulary
from services.intake.reports.dates import FUTURE_TOLERANCE
from services.intake.reports.draft import Draft, Place, Violation

GENERAL = "unclassified"
"""The violation of a report that describes what happened in words only; the policy's list decides its weight and group."""
_CODE = re.compile(r"^([A-Z]{2})[-_ ]?(\d{1,2})$", re.IGNORECASE)
_WORDS = re.compile(r"^(?:kaunti ya|county of) | (?:county|kaunti)$")


def county_of(place: Place | None, vocabulary: Vocabulary) -> str | None:
    """Return the county's ISO 3166-2 code, or None without a place, or if the list has no such county in the scheme named."""
    return vocabulary.county(place.scheme, place.code) if place else None


def county_named(stated: str, lists: Vocabulary) -> str | None:
    """Return the ISO 3166-2 code of a county, or None if the lists do not know it."""
    if known := county_of(Place("iso3166-2", stated), lists):
        return known
    if found := _CODE.match(stated):
        return county_of(Place("iso3166-2", f"{found[1]}-{int(found[2]):02d}"), lists)
    return lists.county_names.get(_WORDS.sub("", comparable(stated)))


def problems_of(draft: Draft, vocabulary: Vocabulary, now: datetime) -> list[FieldError]:
    """Return everything in a report that the lists do not know, or that cannot have happened yet."""
    found = code_problems(draft.violations, draft.needs, draft.languages, draft.place, vocabulary)
    if draft.occurred_at > now + FUTURE_TOLERANCE:
        found.append(FieldError("/occurred_at", "range", "Must not lie in the future."))
    return [*found, *date_problems(draft.violations, now)]


def date_problems(violations: Iterable[Violation], now: datetime) -> list[FieldError]:
    """Return the acts that cannot have happened yet, but for those that have another moment already."""
    latest = now + FUTURE_TOLERANCE
    return [
        FieldError(f"/violations/{at}/occurred_at", "range", "Must not lie in the future.")
        for at, violation in enumerate(violations)
        if violation.occurred_at and violation.occurred_at > latest and not violation.counts_from
    ]


def code_problems(
    violations: Iterable[Violation], needs: Iterable[str], languages: Iterable[str], place: Place | None, vocabulary: Vocabulary
) -> list[FieldError]:
    """Return the codes that the lists do not know, of a whole report or of what is left of a broken one."""
    found = [each for at, act in enumerate(violations) for each in _violation(f"/violations/{at}", act, vocabulary)]
    found += _unknown("/needs", needs, vocabulary.supports, "support types")
    found += _unknown("/languages", languages, vocabulary.languages, "languages")
    if place is not None and county_of(place, vocabulary) is None:
        found.append(_place_problem(place, vocabulary))
    return found


def needs_suggested_by(violations: Iterable[Violation], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the help to look for when a report lists no needs; the heaviest violation's come first, each once."""
    heaviest_first = sorted(violations, key=lambda each: -vocabulary.violations[each.type].severity)
    wanted = [need for violation in heaviest_first for need in _suggested(violation.type, vocabulary)]
    return tuple(dict.fromkeys(wanted))


def _suggested(violation: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    group = vocabulary.violations[violation].group
    return vocabulary.suggested_by_violation.get(violation) or vocabulary.suggested_by_group[group]


def _violation(pointer: str, violation: Violation, vocabulary: Vocabulary) -> Iterator[FieldError]:
    if violation.type not in vocabulary.violations:
        yield _not_in(f"{pointer}/type", "violations")
    for at, perpetrator in enumerate(violation.perpetrators):
        if perpetrator not in vocabulary.perpetrators:
            yield _not_in(f"{pointer}/perpetrators/{at}/type", "perpetrators")
    for at, involvement in enumerate(violation.involvements):
        if involvement is not None and involvement not in vocabulary.involvements:
            yield _not_in(f"{pointer}/perpetrators/{at}/involvement", "involvements")


def _unknown(pointer: str, codes: Iterable[str], known: frozenset[str], name: str) -> list[FieldError]:
    return [_not_in(f"{pointer}/{at}", name) for at, code in enumerate(codes) if code not in known]


def _not_in(pointer: str, name: str) -> FieldError:
    return FieldError(pointer, "unknown_code", f"Not in this platform's list of {name}.")


def _place_problem(place: Place, vocabulary: Vocabulary) -> FieldError:
    if place.scheme not in vocabulary.schemes:
        return FieldError("/location/scheme", "unknown_code", f"Must be one of: {', '.join(vocabulary.schemes)}.")
    if place.scheme == ISO_PLACES and place.code.isdigit():
        country = next(iter(vocabulary.counties), "").partition("-")[0]
        other = f", or name the scheme {vocabulary.scheme}" if vocabulary.scheme else ""
        detail = f"A bare number is not an ISO 3166-2 code; write {country}- and two digits{other}."
        return FieldError("/location/code", "ambiguous", detail)
    return _not_in("/location/code", "counties")
