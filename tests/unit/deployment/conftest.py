"""A secrets folder whose files stay the tester's: giving them away needs root."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.deployment.init_secrets import make
from ngao.deployment.secrets_folder import SecretsFolder
from tests.support.secrets_folder import Given


@pytest.fixture
def given() -> Given:
    return Given()


@pytest.fixture
def folder(tmp_path: Path, given: Given) -> SecretsFolder:
    return SecretsFolder(tmp_path / "secrets", given)


@pytest.fixture
def made(folder: SecretsFolder) -> SecretsFolder:
    make(folder, hosts=("ngao.example.org",))
    return folder
