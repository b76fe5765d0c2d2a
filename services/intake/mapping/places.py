"""Counties as forms name them: by a code in any of its spellings, or by a name."""

from __future__ import annotations

import re

from ngao.kernel.names import comparable
from ngao.kernel.vocabulary import Vocabulary
from services.intake.reports.draft import Place
from services.intake.reports.vocabulary import county_of

_CODE = re.compile(r"^([A-Z]{2})[-_ ]?(\d{1,2})$", re.IGNORECASE)
_WORDS = re.compile(r"^(?:kaunti ya|county of) | (?:county|kaunti)$")


def county_named(told: str, lists: Vocabulary) -> str | None:
    """Return the ISO 3166-2 code of a county, or None if the lists do not know it."""
    if known := county_of(Place("iso3166-2", told), lists):
        return known
    if found := _CODE.match(told):
        return county_of(Place("iso3166-2", f"{found[1]}-{int(found[2]):02d}"), lists)
    return lists.county_names.get(_WORDS.sub("", comparable(told)))
