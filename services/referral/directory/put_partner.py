"""Keep the directory: one partner at a time, or a whole file of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ngao.chassis.errors import InvalidInput, Misconfigured, NotAllowedNow, NotFound
from services.referral.directory.model import Partner, unknown_codes
from services.referral.ports import Desk

MakeKey = Callable[[str, str], tuple[str, str]]


@dataclass(frozen=True)
class Kept:
    """A partner as it is kept now; `key` is its new bearer key, shown this once, or None if it keeps its own."""

    partner: Partner
    created: bool
    key: str | None


def put_partner(desk: Desk, partner: Partner, make_key: MakeKey, *, new_key: bool = False) -> Kept:
    """Create or replace a partner. A new one gets a key; `new_key` asks for another; the last one stays valid beside it.

    A partner that was revoked comes back with a new key only, and its old keys stay dead. Raises InvalidInput, NotAllowedNow.
    """
    known = desk.partners.get(partner.id)
    partner = _checked(desk, partner, known)
    hashes = known.key_hashes if known and not known.revoked else ()
    if known and known.revoked and not new_key:
        raise NotAllowedNow("The partner was revoked. Ask for a new key to take it on again.", slug="partner-revoked")
    key = None
    if new_key or not hashes:
        key, key_hash = make_key("partner", partner.id)
        hashes = (*hashes, key_hash)[-2:]
    kept = replace(_with_known_keys(partner, known), key_hashes=hashes, revision=known.revision if known else 0)
    desk.partners.put(kept)
    if known and kept.vouch and kept.vouch != known.vouch:
        _tell_of_vouch(desk, kept)
    return Kept(kept, created=known is None, key=key)


def gives_what_opens(desk: Desk, partner: Partner, *, new_key: bool) -> bool:
    """Whether to keep the partner like this takes two operators: somebody is given what opens things kept or sealed for it.

    That is a key for boxes or signatures that is not the known one, a bearer key of a known partner, and the return of a revoked
    one, which `put_partner` refuses without a new key. Raises InvalidInput.
    """
    known = desk.partners.get(partner.id)
    _checked(desk, partner, known)
    if known is None:
        return bool(partner.public_key or partner.signing_key)
    if known.revoked:
        return new_key
    return new_key or not known.key_hashes or _keys(_with_known_keys(partner, known)) != _keys(known)


def _checked(desk: Desk, partner: Partner, known: Partner | None) -> Partner:
    """With the coalition's time zone if it has none; raises InvalidInput for codes that are in no list."""
    if errors := unknown_codes(partner, known, desk.vocabulary):
        raise InvalidInput("The partner has codes that are in no list; `errors` names them.", errors)
    return replace(partner, timezone=partner.timezone or desk.policy.timezone)


def _keys(partner: Partner) -> tuple[str, str]:
    return partner.public_key, partner.signing_key


def _with_known_keys(partner: Partner, known: Partner | None) -> Partner:
    """The keys that are not named stay; a vouch stays as long as the keys do."""
    if known is None:
        return partner
    keys = {name: getattr(partner, name) or getattr(known, name) for name in ("public_key", "signing_key")}
    same = all(value == getattr(known, name) for name, value in keys.items())
    return replace(partner, **keys, vouch=partner.vouch or (known.vouch if same else ""))


def _tell_of_vouch(desk: Desk, partner: Partner) -> None:
    """What was withheld from a partner at work for its keys is disclosed now."""
    for case, offer in desk.cases.taken_by(partner.id):
        desk.teller.vouched(case, offer, partner)


def revoke_partner(desk: Desk, partner_id: str) -> Partner:
    """Shut a partner out: its keys open nothing and it is offered nothing. Raises NotFound."""
    known = desk.partners.get(partner_id)
    if known is None:
        raise NotFound("There is no such partner.")
    kept = replace(known, revoked=True, key_hashes=())
    desk.partners.put(kept)
    return kept


def load_partners(desk: Desk, partners: Iterable[Partner]) -> int:
    """Add the partners that are not known yet, without keys of their own until somebody asks; returns how many.

    Raises Misconfigured for a new one with a code that is in no list.
    """
    known = {partner.id for partner in desk.partners.all()}
    new = [partner for partner in partners if partner.id not in known]
    for partner in new:
        if errors := unknown_codes(partner, None, desk.vocabulary):
            wrong = "; ".join(f"{each.pointer}: {each.detail.rstrip('.')}" for each in errors)
            raise Misconfigured(f"The partners file has errors: partner {partner.id}: {wrong}.")
        desk.partners.put(replace(partner, timezone=partner.timezone or desk.policy.timezone))
    return len(new)
