"""B6: what a match costs in a directory of a hundred partners, a thousand, ten thousand. Directory and loads as in production."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from bench.scenarios.rooms import Database, reading_unit
from bench.stage import NEED, Stage, counties
from ngao.chassis.clock import SystemClock
from ngao.kernel.consent import EffectiveConsent
from ngao.local.home import REPOSITORY
from services.referral import policy
from services.referral.directory.model import Partner
from services.referral.directory.store import PartnerDocument
from services.referral.matching.model import MatchRequest
from services.referral.matching.store import DirectoryCache
from services.referral.offers.store import EngagementRepository, Promised
from services.referral.service import ReferralService

_MATCHES = 300
_SUPPORTS = ("legal_aid", "medical", "psychosocial", "relocation_and_shelter")


class Directories:
    """One database per size."""

    def __init__(self, stage: Stage, sizes: tuple[int, ...]) -> None:
        self._policy, _ = policy.load_rules((REPOSITORY / "deploy" / "policy",))
        self._databases = {size: Database.make(stage, f"directory_{size}") for size in sizes}
        for size, database in self._databases.items():
            store = database.open("referral")
            store.ensure_indexes(ReferralService.documents)
            rows = [PartnerDocument.record_of(_partner(number)) | {"revision": 0} for number in range(size)]
            store.database[PartnerDocument.collection_name()].insert_many(rows)

    def match(self, size: int) -> float:
        """Return the seconds of a match, with the directory already read."""
        store = self._databases[size].open("referral")
        cache, places = DirectoryCache(SystemClock(), self._policy), counties()
        loads = EngagementRepository(reading_unit(store), Promised()).loads
        cache.matcher(loads).match(_wanted(0, places))
        began = time.monotonic()
        for number in range(_MATCHES):
            if not cache.matcher(loads).match(_wanted(number, places)).candidates:
                raise RuntimeError("a match found no partner")
        return (time.monotonic() - began) / _MATCHES


def _partner(number: int) -> Partner:
    places = counties()
    return Partner(
        id=f"p{number:05d}", name=f"Partner {number}", support_types=(_SUPPORTS[number // len(places) % len(_SUPPORTS)],),
        counties=(places[number % len(places)],), languages=("sw", "en"), capacity=10, vetted=True, public_key="k",
    )  # fmt: skip


def _wanted(number: int, places: list[str]) -> MatchRequest:
    return MatchRequest(
        case_ref=f"NG-{number}", need=NEED, county=places[number % len(places)], languages=("sw",), never=frozenset(),
        tried=frozenset(), consent=EffectiveConsent({None: frozenset({"contact"})}), now=datetime.now(UTC),
    )  # fmt: skip
