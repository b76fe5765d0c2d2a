"""The deployment as an operator runs it: brought up from a copy of this checkout, used from outside through its ports only."""

from __future__ import annotations

import pytest

from tests.compose.engine import docker

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]


def test_an_engine_and_compose_answer(engine: None) -> None:
    assert docker.compose_command()
