"""The context of intake's use cases, and the parts of its process."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar
from uuid import uuid4

from ngao.chassis.chassis import Chassis
from ngao.chassis.handlers import Parts, UnitContext
from ngao.chassis.messaging.parking import Shelf
from ngao.chassis.messaging.sent_events import SentEvents
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.sealed_boxes import AnnouncedBoxes
from ngao.chassis.storage.recipients import UnitRecipients, onboarding_keys
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel import references
from ngao.kernel.actors import Actor
from services.intake import policy as policy_files
from services.intake import settings as own_settings
from services.intake.dry_runs.store import DryRunCounter
from services.intake.metrics import IntakeMetrics
from services.intake.notes.store import CaseFileRepository, NoteRepository
from services.intake.policy import IntakePolicy
from services.intake.quarantine.model import NATIVE
from services.intake.reports.repeats import Repeats
from services.intake.reports.store import ReportRepository
from services.intake.reports.vault import CaseVault, RegistryBox
from services.intake.settings import OwnSettings
from services.intake.sources.store import SourceCredentials, SourceRepository

INTAKE = Actor.service("intake")
"""Who acts where the caller does not: a narrative, for example, is not disclosed by the source whose update allows it."""


class RandomIds:
    """Makes references from the system's random source."""

    def report_id(self) -> str:
        """Return a new report id."""
        return str(uuid4())

    def case_ref(self) -> str:
        """Return a new case reference."""
        return references.case_ref()

    def note_id(self) -> str:
        """Return a new id of a note."""
        return secrets.token_hex(16)


@dataclass
class Context(UnitContext):
    """What a use case of intake needs for one unit of work.

    `vault` seals and opens fields with the case's data key, `registry_box` seals an identity to the registry, `boxes` opens
    reports that are sealed to intake. `recipients` are the keys of partners, `sent` the sent events, `shelf` the quarantine.
    """

    service: ClassVar[str] = "intake"
    policy: IntakePolicy
    settings: OwnSettings
    status_url: str
    reports: ReportRepository
    repeats: Repeats
    sources: SourceRepository
    notes: NoteRepository
    case_files: CaseFileRepository
    vault: CaseVault
    registry_box: RegistryBox
    boxes: AnnouncedBoxes
    recipients: UnitRecipients
    ids: RandomIds
    sent: SentEvents
    shelf: Shelf

    @property
    def source_id(self) -> str:
        """The source that calls. Raises ValueError in a unit that no source asks for."""
        if self.principal is None or self.principal.kind != "source":
            raise ValueError("No source has asked for this unit of work.")
        return self.principal.id


class IntakeParts(Parts[Context]):
    """What intake keeps while its process runs."""

    credentials: SourceCredentials

    def __init__(self, chassis: Chassis) -> None:
        super().__init__(chassis)
        keys, public_keys = chassis.settings.keys_directory, chassis.settings.public_keys_directory
        self.settings = own_settings.read(chassis.settings.own)
        self.policy = policy_files.load(chassis.settings.policy_directories, self.settings.phone_region)
        self.credentials = SourceCredentials()
        self.dry_runs = DryRunCounter(chassis.store.durable("dry_runs"))
        self.own_metrics = IntakeMetrics(chassis.metrics)
        self._onboarding_keys = onboarding_keys(keys)
        self._registry_box = RegistryBox(public_keys, chassis.clock)
        self._boxes = AnnouncedBoxes(keys, public_keys, "intake")
        self._ids = RandomIds()
        self._repeats = Repeats()
        self._shelf = chassis.parking.shelf(NATIVE)
        self._status_url = f"{chassis.settings.http.public_url}/v1/reports/"
        chassis.expire_parked_by(self.policy.retention)

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        """Return the context of one unit of work."""
        return Context(
            unit=unit,
            principal=principal,
            policy=self.policy,
            settings=self.settings,
            status_url=self._status_url,
            reports=ReportRepository(unit),
            repeats=self._repeats,
            sources=SourceRepository(unit, self.credentials),
            notes=NoteRepository(unit),
            case_files=CaseFileRepository(unit),
            vault=CaseVault(unit, self.chassis.sent_events),
            registry_box=self._registry_box,
            boxes=self._boxes,
            recipients=UnitRecipients(unit, self._onboarding_keys),
            ids=self._ids,
            sent=self.chassis.sent_events,
            shelf=self._shelf,
        )
