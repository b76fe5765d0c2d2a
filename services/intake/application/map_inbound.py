"""Read a source's native body by its profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ngao.chassis.errors import InvalidInput
from services.intake.application.mapping import Mapped, Profile, map_native


def map_inbound(profile: Profile, native: Any) -> Mapped:
    """The canonical report a native body stands for; raises InvalidInput with pointers into the native body."""
    if not isinstance(native, Mapping):
        raise InvalidInput("The body must be a JSON object.")
    mapped = map_native(profile, native)
    if mapped.problems:
        raise InvalidInput("The mapping profile cannot read these fields.", mapped.problems)
    return mapped
