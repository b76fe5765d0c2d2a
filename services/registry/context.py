"""The context of the registry's use cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from ngao.chassis.chassis import Chassis
from ngao.chassis.handlers import Parts, UnitContext
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.keyfiles import active_public
from ngao.chassis.security.sealed_boxes import OwnBoxes
from ngao.chassis.storage.recipients import UnitRecipients, onboarding_keys
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.actors import Actor
from services.registry.candidates.store import CandidateRepository
from services.registry.cases.store import CaseRepository
from services.registry.checkins.store import CheckinRepository
from services.registry.contact.store import ContactSafetyRepository, HandOverRepository
from services.registry.disclosure.store import DisclosureRepository
from services.registry.networks.store import MembershipRepository
from services.registry.people.store import AddressRepository, DefenderRepository, LookRepository
from services.registry.policy import read_policy
from services.registry.protection.store import AssessmentRepository
from services.registry.rules import IdentityPolicy
from services.registry.trainings.store import SessionRepository, TrainingRepository

INTAKE, REGISTRY = Actor.service("intake"), Actor.service("registry")
"""The actor where no operator asked: intake by its event, or this service itself."""


@dataclass
class Context(UnitContext):
    """One unit of work of the registry."""

    service: ClassVar[str] = "registry"
    policy: IdentityPolicy
    defenders: DefenderRepository
    looks: LookRepository
    addresses: AddressRepository
    cases: CaseRepository
    candidates: CandidateRepository
    checkins: CheckinRepository
    disclosures: DisclosureRepository
    contact_safety: ContactSafetyRepository
    memberships: MembershipRepository
    sessions: SessionRepository
    trainings: TrainingRepository
    assessments: AssessmentRepository
    hand_overs: HandOverRepository
    boxes: OwnBoxes
    key_of_notify: Callable[[], tuple[str, str]]
    recipients: UnitRecipients


class RegistryParts(Parts[Context]):
    """The parts of the registry that live as long as its process. Only operators call it, so it has no accounts of its own."""

    def __init__(self, chassis: Chassis) -> None:
        super().__init__(chassis)
        self.policy = read_policy(chassis.settings.policy_directories)
        keys = chassis.settings.keys_directory
        self._boxes, self._onboarding_keys = OwnBoxes(keys), onboarding_keys(keys)
        self._key_of_notify = partial(active_public, chassis.settings.public_keys_directory, "notify")
        chassis.expire_parked_by(self.policy.retention)

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        """Return the context of one unit of work."""
        return Context(
            unit=unit,
            principal=principal,
            policy=self.policy,
            defenders=DefenderRepository(unit, self.policy),
            looks=LookRepository(unit),
            addresses=AddressRepository(unit, self.policy.placeholders),
            cases=CaseRepository(unit),
            candidates=CandidateRepository(unit),
            checkins=CheckinRepository(unit),
            disclosures=DisclosureRepository(unit),
            contact_safety=ContactSafetyRepository(unit),
            memberships=MembershipRepository(unit),
            sessions=SessionRepository(unit),
            trainings=TrainingRepository(unit),
            assessments=AssessmentRepository(unit),
            hand_overs=HandOverRepository(unit),
            boxes=self._boxes,
            key_of_notify=self._key_of_notify,
            recipients=UnitRecipients(unit, self._onboarding_keys),
        )
