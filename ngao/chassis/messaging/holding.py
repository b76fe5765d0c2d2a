"""The entrypoint that holds the last heads of another service's audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ngao.chassis.messaging.consumer import consumes
from ngao.chassis.storage.held_heads import hold_heads
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event


def holds_heads(of: str) -> Callable[..., Any]:
    """Give a service class a handler for what the service `of` publishes: assign it to a name of its own."""

    def hold(service: Any, unit: Unit, event: Event) -> None:
        hold_heads(unit, event, service.name)

    return consumes(f"{of}.audit.noted.v1")(hold)
