"""nameko's container with our parts in it, started and stopped in an order that loses nothing."""

from __future__ import annotations

import threading
from typing import Any

from nameko import config
from nameko.containers import ServiceContainer

from ngao.chassis.chassis import Chassis

_WORKERS = 256
_FLUSH_WITHIN = 10.0


class Container(ServiceContainer):
    """Runs one service class; its entrypoints find `chassis` and `app` here."""

    def __init__(self, service_cls: type, chassis: Chassis, app: Any) -> None:
        config.setup({"max_workers": _WORKERS})
        self.chassis = chassis
        self.app = app
        self._relay = threading.Thread(target=chassis.relay.run, name="relay", daemon=True)
        super().__init__(service_cls)

    def start(self) -> None:
        """Start to publish what an earlier run left, then to hear and to answer."""
        self._relay.start()
        super().start()

    def stop(self) -> None:
        """Stop hearing, finish what runs, publish what was committed, let go; bounded at each step."""
        super().stop()
        self.chassis.relay.stop()
        self._relay.join(_FLUSH_WITHIN)
        self.chassis.close()

