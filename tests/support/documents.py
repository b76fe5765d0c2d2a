"""The records and the operations of a service, as its service class knows them."""

from __future__ import annotations

import importlib
from typing import Any

from ngao.chassis.http.operation import Operation
from ngao.chassis.storage.documents import Stored


def service_class(name: str) -> Any:
    """The service's class, with its entrypoints."""
    return getattr(importlib.import_module(f"services.{name}.service"), f"{name.capitalize()}Service")


def operations(service: Any) -> list[Operation]:
    """What a service class answers, the chassis's pages included."""
    return [each.operation for each in service.endpoints.values()]


def documents(service: str) -> tuple[type[Stored], ...]:
    """All records of a service."""
    found: tuple[type[Stored], ...] = service_class(service).documents
    return found
