"""The application without a server, and its client."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.console.pages.application import application


@pytest.fixture
def app() -> Flask:
    return application()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
