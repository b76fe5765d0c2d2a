"""The application without a server and without a store, and its client: what is shown to people who are not signed in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ngao.chassis.clock import SystemClock
from services import console
from services.console.pages.application import application
from services.console.policy import read_policy
from services.console.sessions.passkeys import Site
from services.console.settings import read_own

POLICY = Path(__file__).resolve().parents[4] / "deploy" / "policy"


@pytest.fixture(scope="session")
def parts() -> Any:
    keyring = SimpleNamespace(lookup_hash=lambda kind, value: f"{kind}-{value}")
    return SimpleNamespace(
        site=Site("http://localhost:8080"), own=read_own({}), clock=SystemClock(),
        organisation=None,
        policy=read_policy((POLICY,)), chassis=SimpleNamespace(keyring=keyring),
    )  # fmt: skip


@pytest.fixture
def app(parts: Any) -> Flask:
    return application(parts, console)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
