"""The context of console's use cases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from ngao.chassis.chassis import Chassis
from ngao.chassis.handlers import Parts, UnitContext
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Roles, read_roles
from ngao.chassis.security.staff_tokens import StaffIssuer
from ngao.chassis.storage.unit_of_work import Unit
from services import console
from services.console.accounts.store import AccountRepository
from services.console.kept.store import KeptFormRepository
from services.console.organisation.client import Organisation
from services.console.pages.application import application
from services.console.pages.peers import Peers
from services.console.policy import read_policy, read_retention
from services.console.rules.reading import read_rules
from services.console.sessions.passkeys import Site
from services.console.sessions.store import ChallengeRepository, SessionRepository
from services.console.settings import read_own
from services.console.system.asking import Asker


@dataclass
class Context(UnitContext):
    """One unit of work of console. `roles` and `counties` are those of the policy."""

    service: ClassVar[str] = "console"
    accounts: AccountRepository
    sessions: SessionRepository
    challenges: ChallengeRepository
    forms: KeptFormRepository
    roles: Roles
    counties: Collection[str]


class ConsoleParts(Parts[Context]):
    """The parts of console that live as long as its process: its web pages, and what asks the other services."""

    def __init__(self, chassis: Chassis) -> None:
        super().__init__(chassis)
        settings = chassis.settings
        self.own = own = read_own(settings.own)
        self.roles, self.policy = read_roles(settings.policy_directories), read_policy(settings.policy_directories)
        self.rules = read_rules(settings.policy_directories)
        self.site = Site(settings.http.public_url.rstrip("/"))
        self.issuer = StaffIssuer(settings.keys_directory, settings.public_keys_directory)
        self.peers = Peers(own.operators, settings.broker.ca_file)
        self.asker = Asker(own.services, settings.broker.ca_file)
        chassis.expire_parked_by(read_retention(settings.policy_directories))
        self.pages = application(self, console)
        self.organisation = Organisation(self.pages, own.organisation) if own.organisation else None

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        """Return the context of one unit of work."""
        return Context(
            unit=unit,
            principal=principal,
            accounts=AccountRepository(unit),
            sessions=SessionRepository(unit),
            challenges=ChallengeRepository(unit),
            forms=KeptFormRepository(unit),
            roles=self.roles,
            counties=self.policy.counties,
        )
