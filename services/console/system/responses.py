"""What callers are shown of the platform's state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ngao.chassis.http.answers import TEXT, TRUTH, answer
from services.console.system.model import Readiness, Sentence, State

SentenceShown = answer("SentenceShown", "What a service says about one of its own checks.", check=TEXT, sentence=TEXT)
ServiceShown = answer(
    "ServiceShown", "One service. `state` is ready, not_ready, no_answer or no_address.", service=TEXT, state=TEXT,
    missing=SentenceShown, warnings=SentenceShown, backed_up=TEXT,
)  # fmt: skip
SystemShown = answer(
    "SystemShown", "The other services, in a fixed order. `ready`: all of them are.", ready=TRUTH, at=TEXT, services=ServiceShown
)


def system_answer(found: Mapping[str, Readiness], at: datetime) -> dict[str, Any]:
    """Return the answer about the services."""
    ready = all(each.state is State.READY for each in found.values())
    return {"ready": ready, "at": at.isoformat(), "services": [_service(name, each) for name, each in found.items()]}


def _service(name: str, found: Readiness) -> dict[str, Any]:
    backed_up = found.backed_up.isoformat() if found.backed_up else None
    said = {"missing": _said(found.missing), "warnings": _said(found.warnings)}
    return {"service": name, "state": str(found.state), **said, "backed_up": backed_up}


def _said(sentences: tuple[Sentence, ...]) -> list[dict[str, str]]:
    return [{"check": each.check, "sentence": each.says} for each in sentences]
