"""Who onboards partners in tests: onboarding keys, vouches, and partners with keys of their own that sign what they accept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ngao.chassis.security import seals, signing
from ngao.chassis.security.vouches import NotBelieved, Pin, RecipientKeys, Statement, Vouch, judge
from ngao.chassis.storage.recipients import UnitRecipients
from ngao.kernel import acceptance

ISSUED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PartnerKeys:
    """A partner's own two pairs; `signing_private` None is a partner of the version before."""

    id: str
    box_private: str
    signing_private: str | None

    @classmethod
    def new(cls, partner_id: str, *, signs: bool = True) -> PartnerKeys:
        """Make new pairs."""
        return cls(partner_id, seals.new_key_pair()[0], signing.new_key() if signs else None)

    @property
    def box_public(self) -> str:
        """Return the key that others seal to."""
        return seals.public_of(self.box_private)

    @property
    def signing_public(self) -> str | None:
        """Return the key that others check its signatures with."""
        return signing.public_of(self.signing_private) if self.signing_private else None

    def accepts(self, offer_id: str, case_ref: str) -> str:
        """Sign the acceptance of an offer."""
        assert self.signing_private
        return signing.sign(self.signing_private, acceptance.PURPOSE, acceptance.to_sign(self.id, offer_id, case_ref))

    def opens(self, box: str) -> bytes:
        """Open a box that was sealed to this partner."""
        return seals.open_box(self.box_private, box)


@dataclass
class Onboarding:
    """The operators' onboarding keys; `privates` may hold several operators'."""

    privates: list[str] = field(default_factory=lambda: [signing.new_key()])

    @property
    def trusted(self) -> dict[str, str]:
        """Return the public halves by their ids."""
        publics = [signing.public_of(each) for each in self.privates]
        return {signing.key_id(each): each for each in publics}

    def vouch(self, keys: PartnerKeys, *, days: int = 0, by: int | None = None) -> str:
        """Vouch for these keys: signed by the first `by` operators, by all when None."""
        return self.sign(Statement(keys.id, keys.box_public, keys.signing_public, ISSUED + timedelta(days=days)), by)

    def sign(self, statement: Statement, by: int | None = None) -> str:
        """Sign any statement in the same way."""
        vouch = Vouch.new(statement)
        for private in self.privates[:by]:
            vouch = vouch.signed(private)
        return vouch.write()

    def trust_in(self, *folders: Path) -> Onboarding:
        """Put the public halves where services read them."""
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            for number, private in enumerate(self.privates):
                (folder / f"onboarding-{number}.pub").write_text(signing.public_of(private) + "\n")
        return self


class MemoryRecipients(UnitRecipients):
    """Whom to seal to, judged as services do, with pins in memory."""

    def __init__(self, onboarding: Onboarding) -> None:
        self.onboarding = onboarding
        self.pins: dict[str, Pin] = {}

    def judge(self, vouch: str | None, recipient_id: str) -> RecipientKeys | NotBelieved:
        """Judge a vouch as a service does."""
        return judge(vouch, recipient_id, self.pins.get(recipient_id), self.onboarding.trusted)

    def pin(self, recipient_id: str, recipient: RecipientKeys) -> None:
        """Remember the keys of a recipient."""
        self.pins[recipient_id] = recipient.pin
