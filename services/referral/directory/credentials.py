"""The accounts of partners that call referral."""

from __future__ import annotations

from ngao.chassis.chassis import Chassis
from ngao.chassis.security.identity import Credential
from services.referral.directory.store import PartnerRepository


class PartnerCredentials:
    """Partners' bearer keys. A revoked partner's are rejected. A suspended one can still read its events, above all recalls."""

    def __init__(self, chassis: Chassis) -> None:
        self._units = chassis.units

    def find(self, kind: str, id: str) -> Credential | None:  # noqa: A002  # the chassis' port
        """Return the account of a partner, or None."""
        partner = PartnerRepository(self._units.read()).get(id) if kind == "partner" else None
        return Credential(partner.key_hashes, enabled=not partner.revoked) if partner else None
