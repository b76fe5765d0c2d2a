"""Show which of the other services are ready."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, nothing
from services.console.context import ConsoleParts
from services.console.system.responses import SystemShown, system_answer


@http.get(
    "/v1/system", roles="operator", scope="system:read", audit=nothing("States of services, nothing about a person."),
    returns=SystemShown,
)  # fmt: skip
def show_system(parts: ConsoleParts) -> dict[str, Any]:
    """Show which of the other services are ready.

    Each is asked within three seconds; one that does not answer is shown as `no_answer`.
    """
    return system_answer(parts.asker.ask(), parts.clock.now())
