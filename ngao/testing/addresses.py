"""Addresses of the broker and the store that a test run uses; `make test` starts them and sets these variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Addresses:
    """A broker with an administrator's account, and a replica set with test commands."""

    amqp: str
    management: str
    mongo: str

    @property
    def amqp_host(self) -> str:
        """Return the broker's host."""
        return urlsplit(self.amqp).hostname or ""

    @property
    def amqp_port(self) -> int:
        """Return the broker's port."""
        return urlsplit(self.amqp).port or 0

    @property
    def account(self) -> tuple[str, str]:
        """Return the administrator's user and password."""
        parts = urlsplit(self.amqp)
        return parts.username or "", parts.password or ""

    @property
    def mongo_hosts(self) -> str:
        """Return the replica set's hosts, as settings name them."""
        return urlsplit(self.mongo).netloc.rpartition("@")[2]


def addresses() -> Addresses:
    """Read them from the environment. Raises RuntimeError without them: that is a mistake, not a reason to skip."""
    missing = [name for name in ("NGAO_TEST_AMQP", "NGAO_TEST_MANAGEMENT", "NGAO_TEST_MONGO") if name not in os.environ]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} not set: run the tests with `make test`, which starts what they need.")
    return Addresses(os.environ["NGAO_TEST_AMQP"], os.environ["NGAO_TEST_MANAGEMENT"], os.environ["NGAO_TEST_MONGO"])


def data_folder() -> Path:
    """Return the folder with the files of the run's broker and store. Raises RuntimeError when the variable is not set."""
    if "NGAO_TEST_DATA" not in os.environ:
        raise RuntimeError(
            "NGAO_TEST_DATA not set: the files of broker and database cannot be searched. Run these tests with `make test` or "
            "`bin/ngao test --only-tests tests/privacy`, or set it to the folder that holds the data of both."
        )
    return Path(os.environ["NGAO_TEST_DATA"])
