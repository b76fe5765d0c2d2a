"""Signatures of operators for partners' keys, which registry and intake verify before they seal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ngao.chassis.errors import InvalidInput, Misconfigured
from ngao.chassis.security import keyfiles, seals, signing
from ngao.chassis.security.vouches import Statement, Vouch
from ngao.chassis.settings import read_secret
from ngao.cli.api_client import Operator, Refused
from ngao.cli.locations import onboarding_key_file

_KEPT = ("name", "support_types", "counties", "languages", "capacity", "vetted", "suspended", "timezone", "hours")
_KEYS = ("public_key", "signing_key")


def of(referral: Operator, partner: Mapping[str, Any]) -> dict[str, str]:
    """Return the vouch for a partner's record from the available onboarding key, or nothing without one.

    An existing vouch for the same keys is kept with all its signatures.
    """
    kept = known(referral, partner["id"])
    keys = {name: partner.get(name) or kept.get(name) or "" for name in _KEYS}
    key_file = onboarding_key_file()
    if not keys["public_key"] or not key_file.exists():
        return {}
    vouch, private = _vouch(kept.get("vouch"), partner["id"], keys), _private(key_file)
    is_signed = signing.key_id(signing.public_of(private)) in vouch.signatures
    return {"vouch": (vouch if is_signed else vouch.signed(private)).write()}


def sign(referral: Operator, partner: Mapping[str, Any], key_file: Path) -> str:
    """Sign the keys of a partner as they are in the directory, save the vouch there, and return a summary.

    Raises Misconfigured, Refused, Unavailable.
    """
    partner_id, keys = partner["id"], {name: partner.get(name) or "" for name in _KEYS}
    if not keys["public_key"]:
        raise Misconfigured(f"{partner_id} has no public key yet. Add it with `ngao partner add`.")
    vouch = _vouch(partner.get("vouch"), partner_id, keys).signed(_private(key_file))
    body = {name: partner[name] for name in (*_KEPT, *_KEYS) if partner.get(name) not in ("", None)}
    referral.put(f"/v1/partners/{partner_id}", {**body, "vouch": vouch.write()})
    signs = signing.key_id(keys["signing_key"]) if keys["signing_key"] else "none, so it cannot sign what it accepts"
    count = len(vouch.signatures)
    return f"{partner_id}: key {seals.key_id(keys['public_key'])}, signing key {signs}; {count} signature{'s' * (count > 1)}."


def known(referral: Operator, partner_id: str) -> dict[str, Any]:
    """Return a partner of the directory, or an empty record if it is new. Raises Unavailable."""
    try:
        return dict(referral.get(f"/v1/partners/{partner_id}"))
    except Refused:
        return {}


def _vouch(written: str | None, partner_id: str, keys: Mapping[str, str]) -> Vouch:
    """Return the written vouch if it is for these keys, with its signatures, or a new one without signatures."""
    with suppress(InvalidInput):
        vouch = Vouch.read(written or "")
        said = vouch.statement
        if (said.recipient_id, said.box_key, said.signing_key or "") == (partner_id, keys["public_key"], keys["signing_key"]):
            return vouch
    now = datetime.now(UTC).replace(microsecond=0)
    return Vouch.new(Statement(partner_id, keys["public_key"], keys["signing_key"] or None, now))


def _private(key_file: Path) -> str:
    keyfiles.refuse_open(key_file)
    return read_secret(key_file)
