"""The folder that holds everything the embedded runtime makes, and the small file that remembers its choices."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ngao.chassis.errors import NotAllowedNow
from ngao.deployment.files import write_whole
from ngao.deployment.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Home:
    """NGAO_HOME and the places in it."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """NGAO_HOME, or `.ngao` in the repository."""
        return cls(Path(os.environ.get("NGAO_HOME") or REPOSITORY / ".ngao").absolute())

    @property
    def rabbitmq(self) -> Path:
        """The broker's own files."""
        return self.root / "rabbitmq"

    @property
    def mongo(self) -> Path:
        """The database's own files."""
        return self.root / "mongo"

    @property
    def run(self) -> Path:
        """What says which processes are ours."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.root / "logs"

    @property
    def config(self) -> Path:
        """One settings file a service."""
        return self.root / "config"

    @property
    def secrets(self) -> Path:
        """One secret a file, readable by its owner only."""
        return self.root / "secrets"

    @property
    def keys(self) -> Path:
        """The services' key files, and `public/` for the keys that all may read."""
        return self.root / "keys"

    @property
    def policy(self) -> Path:
        """Policy files of this installation; each replaces the file of its name in deploy/policy."""
        return self.root / "policy"

    @property
    def mail(self) -> Path:
        """What the local mail server has taken, one file a message."""
        return self.root / "mail"

    @property
    def state_file(self) -> Path:
        """Ports and addresses, for the commands that come later."""
        return self.root / "state.json"

    def make(self) -> None:
        """Create the folders, closed to other users."""
        places = (self.rabbitmq, self.mongo, self.run, self.logs, self.config, self.secrets, self.keys, self.policy, self.mail)
        for folder in (self.root, *places):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)

    def state(self) -> dict[str, Any]:
        """What is remembered; empty before the first `up`."""
        try:
            remembered: dict[str, Any] = json.loads(self.state_file.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return remembered

    def remember(self, **values: Any) -> None:
        """Add to what is remembered."""
        write_whole(self.state_file, json.dumps({**self.state(), **values}, indent=2) + "\n")

    def secret(self, name: str) -> str:
        """A secret of this platform's own, made on first use."""
        path = self.secrets / name
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(32) + "\n")
        return path.read_text("utf-8").strip()

    @contextmanager
    def alone(self, *, patience_s: float = 0, tell: Callable[[str], None] = lambda _: None, at: str = "lock") -> Iterator[None]:
        """One command at a time is at it. Raises NotAllowedNow when another still is after our patience."""
        self.make()
        with (self.run / at).open("w") as lock:
            if not _locked(lock):
                if patience_s:
                    tell("another command is at work here; waiting for it")
                if not wait_until(lambda: _locked(lock), patience_s):
                    raise NotAllowedNow(f"Another command is starting or stopping the platform in {self.root}.")
            yield


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
