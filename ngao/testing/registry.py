"""The registry in memory: its repositories are subclasses of the real ones, so that use cases run without a store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from ngao.chassis.errors import SealBroken
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.sealed_boxes import OwnBoxes
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.references import pairwise_defender_ref
from ngao.testing.memory import SHIPPED_POLICY, Records, ServiceInMemory
from ngao.testing.registry_base import Memory
from ngao.testing.registry_contact import MemoryContactSafety, MemoryHandOvers
from ngao.testing.registry_features import MemoryCheckins, MemoryLooks
from ngao.testing.registry_networks import MemoryMemberships, MemorySessions, MemoryTrainings
from ngao.testing.registry_protection import MemoryAssessments
from ngao.testing.vouching import MemoryRecipients, Onboarding
from services.registry.candidates.store import CandidateRepository
from services.registry.cases.model import Case, CaseState
from services.registry.cases.store import CaseRepository
from services.registry.checkins.model import Checkin
from services.registry.contact.model import ContactRecord, HandOver
from services.registry.context import Context
from services.registry.disclosure.model import Disclosure
from services.registry.disclosure.store import DisclosureRepository
from services.registry.networks.model import MembershipRecord
from services.registry.people.identity import Identity, ReportedIdentity
from services.registry.people.model import Defender
from services.registry.people.names import name_keys
from services.registry.people.resolution import Candidate, Verdict
from services.registry.people.store import AddressRepository, DefenderRepository, Look
from services.registry.policy import read_policy
from services.registry.protection.model import Assessment
from services.registry.rules import IdentityPolicy
from services.registry.trainings.model import Session, TrainingRecord

KEY_ID = "registry-key"
"""The id of the key to which boxes for the registry in memory are sealed."""


class Addresses:
    """Whose phones, e-mail addresses and pairwise references they are."""

    def __init__(self) -> None:
        self.owners: dict[tuple[str, str], set[str]] = {}
        self.named: dict[tuple[str, str], str] = {}


class MemoryDefenders(Memory[Defender], DefenderRepository):
    """Records of persons."""

    def __init__(self, unit: Unit, records: Records[Defender], policy: IdentityPolicy) -> None:
        super().__init__(unit, records)
        self._policy = policy

    def linked_to(self, ref: str) -> list[Defender]:
        """Return the records linked to this one, as they are in this unit."""
        self._all(self._records.where(lambda each: each.linked_to == ref))
        return [each for each in self._entities.values() if each.linked_to == ref]

    def read(self, refs: Collection[str]) -> None:
        """Do nothing: records in memory cost nothing to read."""

    def named_like(self, identity: Identity) -> list[str]:
        mine = self._keys(identity)
        return [each.id for each in self._records.where(lambda each: not each.fading_since and mine & self._keys(each.identity))]

    def named(self, refs: Collection[str]) -> list[str]:
        return [each.id for each in self._records.where(lambda each: each.id in refs and self._keys(each.identity))]

    def with_old_keys(self, limit: int) -> list[Defender]:
        return []

    def new_namesakes(self, since: datetime, until: datetime, limit: int) -> list[frozenset[str]]:
        new = self._records.ordered(lambda each: since <= each.created_at < until, by=lambda each: each.created_at)[:limit]
        keys = {key for each in new for key in self._keys(each.identity)}
        groups = {frozenset(each.id for each in new if key in self._keys(each.identity)) for key in keys}
        return [each for each in groups if len(each) > 1]

    def maybe_restricted(self, refs: Collection[str]) -> list[str]:
        own = self._records.where(lambda each: each.id in refs and (each.restrictions or each.linked_to))
        below = self._records.where(lambda each: each.linked_to in refs)
        return list(dict.fromkeys((*(each.id for each in own), *(each.linked_to or "" for each in below))))

    def pending_erasure(self, before: datetime, limit: int) -> list[Defender]:
        return self._all(self._records.where(lambda each: each.fading_since and each.fading_since <= before)[:limit])

    def remove(self, defender: Defender) -> None:
        if defender.id in self._entities:
            self._records.drop(defender.id)

    def _keys(self, identity: Identity) -> frozenset[str]:
        return name_keys(identity.names, self._policy.matching)


class MemoryAddresses(AddressRepository):
    """Whose addresses and source references these are."""

    def __init__(self, addresses: Addresses, placeholders: Placeholders) -> None:
        self._addresses, self._placeholders = addresses, placeholders

    def sharing(self, identity: Identity) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for key in self._identifying(identity):
            for ref in self._addresses.owners.get(key, ()):
                found[ref] = found.get(ref, frozenset()) | {key[0]}
        return found

    def add(self, ref: str, identity: Identity) -> None:
        for key in self._identifying(identity):
            self._addresses.owners.setdefault(key, set()).add(ref)

    def reference_for_source(self, ref: str, source_id: str) -> str:
        given = pairwise_defender_ref(hashlib.sha256(f"{source_id} {ref}".encode()).hexdigest())
        self._addresses.named[source_id, given] = ref
        return given

    def owner_of_reference(self, source_id: str, given: str) -> str | None:
        return self._addresses.named.get((source_id, given))

    def hide(self, ref: str) -> None:
        for owners in self._addresses.owners.values():
            owners.discard(ref)

    def remove(self, ref: str) -> None:
        self.hide(ref)
        for key in [key for key, owner in self._addresses.named.items() if owner == ref]:
            del self._addresses.named[key]

    def _identifying(self, identity: Identity) -> Iterable[tuple[str, str]]:
        return self._placeholders.without_placeholders(identity.addresses)


class MemoryCases(Memory[Case], CaseRepository):
    """Cases as the registry sees them."""

    def save(self, entity: Case) -> None:
        entity.reopen_ends(self._unit.now)
        super().save(entity)
        if entity.state is CaseState.ERASED:
            self._records.kept[entity.id].facts = ReportedIdentity.from_dict({})

    def of(self, refs: Iterable[str]) -> list[Case]:
        wanted = set(refs)
        return self._all(self._records.ordered(lambda each: each.defender_ref in wanted, by=_received))

    def due(self, *, received: datetime, withdrawn: datetime, limit: int) -> list[Case]:
        old = self._records.ordered(lambda each: _is_late(each.withdrawn_at, withdrawn) and _is_withdrawn(each), by=_withdrawn)
        return self._all(
            (old or self._records.ordered(lambda each: _is_kept(each) and each.received_at <= received, by=_received))[:limit]
        )

    def overdue(self, *, received: datetime, withdrawn: datetime) -> tuple[int, timedelta]:
        late = [received - each.received_at for each in self._records.where(_is_kept) if each.received_at <= received]
        late += [
            withdrawn - _withdrawn(each) for each in self._records.where(_is_withdrawn) if _is_late(each.withdrawn_at, withdrawn)
        ]
        return len(late), max(late, default=timedelta(0))

    def with_ended_consent(self, now: datetime, limit: int) -> list[str]:
        return [each.id for each in self._records.where(lambda each: _is_late(each.consent_ends_at, now))][:limit]

    def with_facts_to_add(self, limit: int) -> list[str]:
        return [each.id for each in self._records.ordered(lambda each: not each.facts_added, by=_received)][:limit]


class MemoryCandidates(Memory[Candidate], CandidateRepository):
    """Candidates."""

    def about(self, ref: str) -> list[Candidate]:
        return self._all(self._records.where(lambda each: each.defender_ref == ref))

    def undecided_about(self, records: Iterable[Defender]) -> list[Candidate]:
        refs = {record.id for record in records}
        return [each for each in self._all(self._records.where(lambda each: each.is_about(refs))) if each.verdict is Verdict.OPEN]

    def remove(self, candidate: Candidate) -> None:
        self._records.drop(candidate.id)

    def open(self, limit: int) -> list[Candidate]:
        return self._all(
            self._records.ordered(lambda each: each.verdict is Verdict.OPEN, by=lambda each: each.created_at)[:limit]
        )

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        wanted = set(refs)
        found = self._all(
            self._records.where(
                lambda each: each.verdict is Verdict.OPEN and wanted & {one.defender_ref for one in each.suggestions}
            )
        )
        return [each for each in found if each.verdict is Verdict.OPEN]


class MemoryDisclosures(Memory[Disclosure], DisclosureRepository):
    """What was done about offers."""

    def of(self, case_ref: str) -> list[Disclosure]:
        return self._all(self._records.ordered(lambda each: each.case_ref == case_ref, by=lambda each: each.id))


class GlassBoxes(OwnBoxes):
    """Boxes that anyone can look into: the content as it is."""

    def __init__(self) -> None:
        pass

    def open(self, key_id: str, box: str) -> bytes:
        if key_id != KEY_ID:
            raise SealBroken("not ours")
        return box.encode()

    def seal_to(self, public_key: str, content: bytes) -> str:
        return content.decode()


class RegistryInMemory(ServiceInMemory[Context]):
    """A whole registry in memory."""

    def __init__(self, start: datetime, policy: IdentityPolicy | None = None, onboarding: Onboarding | None = None) -> None:
        super().__init__(start)
        self.policy = policy or read_policy([SHIPPED_POLICY])
        self.defenders: Records[Defender] = Records()
        self.looks: Records[Look] = Records()
        self.cases: Records[Case] = Records()
        self.candidates: Records[Candidate] = Records()
        self.checkins: Records[Checkin] = Records()
        self.disclosures: Records[Disclosure] = Records()
        self.contact_safety: Records[ContactRecord] = Records()
        self.memberships: Records[MembershipRecord] = Records()
        self.sessions: Records[Session] = Records()
        self.trainings: Records[TrainingRecord] = Records()
        self.assessments: Records[Assessment] = Records()
        self.hand_overs: Records[HandOver] = Records()
        self.key_of_notify = ("notify-key", "notify's public key")
        self.addresses = Addresses()
        self.recipients = MemoryRecipients(onboarding or Onboarding())

    def _context(self, unit: Unit, principal: Principal | None) -> Context:
        return Context(
            unit=unit,
            principal=principal,
            policy=self.policy,
            defenders=MemoryDefenders(unit, self.defenders, self.policy),
            looks=MemoryLooks(unit, self.looks),
            addresses=MemoryAddresses(self.addresses, self.policy.placeholders),
            cases=MemoryCases(unit, self.cases),
            candidates=MemoryCandidates(unit, self.candidates),
            checkins=MemoryCheckins(unit, self.checkins),
            disclosures=MemoryDisclosures(unit, self.disclosures),
            contact_safety=MemoryContactSafety(unit, self.contact_safety),
            memberships=MemoryMemberships(unit, self.memberships),
            sessions=MemorySessions(unit, self.sessions),
            trainings=MemoryTrainings(unit, self.trainings),
            assessments=MemoryAssessments(unit, self.assessments),
            hand_overs=MemoryHandOvers(unit, self.hand_overs),
            boxes=GlassBoxes(),
            key_of_notify=lambda: self.key_of_notify,
            recipients=self.recipients,
        )


def _received(case: Case) -> datetime:
    return case.received_at


def _withdrawn(case: Case) -> Any:
    return case.withdrawn_at


def _is_kept(case: Case) -> bool:
    return case.state is not CaseState.ERASED


def _is_withdrawn(case: Case) -> bool:
    return case.state is CaseState.WITHDRAWN


def _is_late(moment: datetime | None, end: datetime) -> bool:
    return moment is not None and moment <= end
