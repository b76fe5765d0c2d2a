"""Where the real parts are that this test run uses; `make test` starts them and sets these variables."""

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
        return urlsplit(self.amqp).hostname or ""

    @property
    def amqp_port(self) -> int:
        return urlsplit(self.amqp).port or 0

    @property
    def account(self) -> tuple[str, str]:
        parts = urlsplit(self.amqp)
        return parts.username or "", parts.password or ""

    @property
    def mongo_hosts(self) -> str:
        return urlsplit(self.mongo).netloc.rpartition("@")[2]


def addresses() -> Addresses:
    """Read them; a run without them is a mistake, not a reason to skip."""
    missing = [name for name in ("NGAO_TEST_AMQP", "NGAO_TEST_MANAGEMENT", "NGAO_TEST_MONGO") if name not in os.environ]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} not set: run the tests with `make test`, which starts what they need.")
    return Addresses(os.environ["NGAO_TEST_AMQP"], os.environ["NGAO_TEST_MANAGEMENT"], os.environ["NGAO_TEST_MONGO"])


def data_folder() -> Path:
    """Where the test run's broker and database keep their files. Raises RuntimeError when nobody said."""
    if "NGAO_TEST_DATA" not in os.environ:
        raise RuntimeError(
            "NGAO_TEST_DATA not set: the files of broker and database cannot be searched. Run these tests with `make test` or "
            "`bin/ngao test --only-tests tests/privacy`, or set it to the folder that holds the data of both."
        )
    return Path(os.environ["NGAO_TEST_DATA"])
