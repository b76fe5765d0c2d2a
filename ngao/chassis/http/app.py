"""How a service method reaches its application."""

from __future__ import annotations

from typing import Any

from nameko.extensions import DependencyProvider


class App(DependencyProvider):
    """Gives each worker the service's application object, made by its bootstrap."""

    def get_dependency(self, worker_ctx: Any) -> Any:
        """The one application object of the process."""
        return worker_ctx.container.parts
