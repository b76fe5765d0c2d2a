"""The registry, built from what its use cases declare."""

from __future__ import annotations

from ngao.chassis.handlers import build
from services.registry import candidates, cases, checkins, consent, contact, disclosure, networks, people, protection, trainings
from services.registry.context import RegistryParts

RegistryService = build(
    "registry",
    "Who defenders are, what they agreed to, and how they may be reached.",
    RegistryParts,
    (people, cases, consent, disclosure, candidates, contact, networks, checkins, trainings, protection),
)
