"""The policy that ships, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.intake.policy import IntakePolicy, load

POLICY = Path(__file__).resolve().parents[3] / "deploy" / "policy"


@pytest.fixture(scope="session")
def policy() -> IntakePolicy:
    return load([POLICY])
