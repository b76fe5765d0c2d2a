"""The context of console's use cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngao.chassis.chassis import Chassis
from ngao.chassis.handlers import Parts, UnitContext
from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from services.console.pages.application import application
from services.console.policy import read_retention
from services.console.settings import read_own
from services.console.system.asking import Asker


@dataclass
class Context(UnitContext):
    """One unit of work of console, which keeps no records of its own yet."""

    service: ClassVar[str] = "console"


class ConsoleParts(Parts[Context]):
    """The parts of console that live as long as its process: its web pages, and what asks the other services."""

    def __init__(self, chassis: Chassis) -> None:
        super().__init__(chassis)
        settings = chassis.settings
        self.asker = Asker(read_own(settings.own).services, settings.broker.ca_file)
        self.pages = application()
        chassis.expire_parked_by(read_retention(settings.policy_directories))

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        """Return the context of one unit of work."""
        return Context(unit, principal)
