"""The stored records of a service, as its service class knows them."""

from __future__ import annotations

import importlib
from typing import Any


def service_class(name: str) -> Any:
    """The service's class, with its entrypoints."""
    return getattr(importlib.import_module(f"services.{name}.service"), f"{name.capitalize()}Service")


def documents(service: str) -> tuple[Any, ...]:
    """All records of a service."""
    found = getattr(service_class(service), "documents", None)
    return found or importlib.import_module(f"services.{service}.storage.documents").DOCUMENTS
