"""Keep the directory: one partner at a time, or a whole file of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from services.referral.application.ports import Desk
from services.referral.domain.partner import Partner

MakeKey = Callable[[str, str], tuple[str, str]]


@dataclass(frozen=True)
class Kept:
    """A partner as it is kept now; `key` is its new bearer key, shown this once, or None if it keeps its own."""

    partner: Partner
    created: bool
    key: str | None


def put_partner(desk: Desk, partner: Partner, make_key: MakeKey, *, new_key: bool = False) -> Kept:
    """Create or replace a partner. A new one gets a key; `new_key` asks for another; the last one stays valid beside it."""
    known = desk.partners.get(partner.id)
    hashes = known.key_hashes if known else ()
    key = None
    if new_key or not hashes:
        key, key_hash = make_key("partner", partner.id)
        hashes = (*hashes, key_hash)[-2:]
    public_key = partner.public_key or (known.public_key if known else "")
    kept = replace(partner, key_hashes=hashes, public_key=public_key, revision=known.revision if known else 0)
    desk.partners.put(kept)
    return Kept(kept, created=known is None, key=key)


def load_partners(desk: Desk, partners: Iterable[Partner]) -> int:
    """Add the partners that are not known yet, without keys of their own until somebody asks; returns how many."""
    known = {partner.id for partner in desk.partners.all()}
    new = [partner for partner in partners if partner.id not in known]
    for partner in new:
        desk.partners.put(partner)
    return len(new)
