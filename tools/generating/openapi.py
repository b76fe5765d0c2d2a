"""The OpenAPI document of each service that has entrypoints; nothing is started for it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ngao.chassis.http.openapi import describe
from ngao.contracts import SERVICES
from tools.generating.text import as_json


def files(root: Path) -> dict[str, str]:
    """Return one document per service."""
    present = [name for name in SERVICES if (root / "services" / name / "service.py").exists()]
    return {f"docs/reference/openapi/{name}.json": as_json(describe(name, service_class(name).endpoints)) for name in present}


def service_class(name: str) -> Any:
    """Return the nameko class of a service."""
    return getattr(importlib.import_module(f"services.{name}.service"), f"{name.capitalize()}Service")
