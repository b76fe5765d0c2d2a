"""Load an initial directory from a file of the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ngao.chassis.errors import Misconfigured
from ngao.kernel.vocabulary import Vocabulary
from services.referral.directory.model import Partner, unknown_codes
from services.referral.directory.store import PartnerRepository


def load_partners(partners: PartnerRepository, listed: Iterable[Partner], vocabulary: Vocabulary, timezone: str) -> int:
    """Add the partners that are not known yet, without keys of their own until an operator asks. Returns how many.

    `timezone` is for those that have none. Raises Misconfigured for a new one with a code that is in no list.
    """
    known = {partner.id for partner in partners.all()}
    new = [partner for partner in listed if partner.id not in known]
    for partner in new:
        if errors := unknown_codes(partner, None, vocabulary):
            wrong = "; ".join(f"{error.pointer}: {error.detail.rstrip('.')}" for error in errors)
            raise Misconfigured(f"The partners file has errors: partner {partner.id}: {wrong}.")
        partners.save(replace(partner, timezone=partner.timezone or timezone))
    return len(new)
