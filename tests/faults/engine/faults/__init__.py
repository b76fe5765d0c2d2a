"""All faults, by the part they break."""

from __future__ import annotations

from tests.faults.engine.faults import broker, messages, outsiders, services, store
from tests.faults.engine.rounds import Fault

FAULTS: dict[str, Fault] = {
    fault.name: fault for part in (services, broker, store, messages, outsiders) for fault in part.FAULTS
}
