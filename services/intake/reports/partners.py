"""The partners of a case as intake knows them: whose keys the narrative is sealed to, and what they were given."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class PartnerAtWork:
    """A partner that accepted, and how many parts of the narrative it has, also after its work.

    `vouch` is what operators signed of its keys, `signature` its own over the acceptance, `vouch_sequence` the place of both
    among referral's events; `distrust` is why they were not believed at the last try.
    """

    offer_id: str
    partner_id: str
    vouch: str | None = None
    signature: str | None = None
    parts_disclosed: int = 0
    distrust: str = ""
    vouch_sequence: int = 0

    def over(self, known: PartnerAtWork | None) -> PartnerAtWork:
        """Return the newer of two vouches of one acceptance, whichever came first, with what is known of its disclosures."""
        if known is None:
            return self
        newer = self if self.vouch_sequence >= known.vouch_sequence else known
        return replace(newer, parts_disclosed=known.parts_disclosed, distrust=known.distrust)
