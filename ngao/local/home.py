"""The folder of everything that the embedded runtime creates, and the small file of its choices."""

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
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.polling import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
_STATE = "state.json"


class _Path:
    """A file of a home, called as its attribute."""

    def __init__(self, path: str, holds: str) -> None:
        self._path, self.__doc__ = path, holds

    def __get__(self, home: Home, owner: type[Home]) -> Path:
        return home.root / self._path


class _Folder(_Path):
    """A folder of a home. `make` creates it."""


@dataclass(frozen=True)
class Home:
    """NGAO_HOME and its folders."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """Return NGAO_HOME, or `.ngao` in the repository."""
        return cls(Path(os.environ.get("NGAO_HOME") or REPOSITORY / ".ngao").absolute())

    rabbitmq = _Folder("rabbitmq", "The broker's files.")
    mongo = _Folder("mongo", "The database's files.")
    run = _Folder("run", "The files that identify our processes.")
    logs = _Folder("logs", "One log per process.")
    config = _Folder("config", "One settings file per service.")
    secrets = _Folder("secrets", "One file per secret, readable by its owner only.")
    keys = _Folder("keys", "The services' key files, and `public/` for the keys that every user may read.")
    policy = _Folder("policy", "Policy files of this installation. Each replaces the file of the same name in deploy/policy.")
    mail = _Folder("mail", "The mails that the local mail server has accepted, one file per message.")
    public_keys = _Path("keys/public", "The keys that every user may read.")
    operator_key = _Path("secrets/operator.key", "The commands' key.")
    onboarding_key = _Path("keys/onboarding/onboarding.key", "The key that signs partners' keys. Only the commands read it.")
    backup_key = _Path("secrets/backup.key", "The private half of the backup key, which may be stored elsewhere.")
    operators = _Path("config/operators.json", "The list of operators as the services read it.")

    def make(self) -> None:
        """Create the folders, closed to other users."""
        places = [getattr(self, name) for name, member in vars(Home).items() if isinstance(member, _Folder)]
        for folder in (self.root, *places):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)

    def state(self) -> dict[str, Any]:
        """Return the stored choices: empty before the first `up`."""
        try:
            return dict(json.loads((self.root / _STATE).read_text("utf-8")))
        except (FileNotFoundError, ValueError):
            return {}

    def remember(self, **values: Any) -> None:
        """Add to the stored choices."""
        write_whole(self.root / _STATE, json.dumps({**self.state(), **values}, indent=2) + "\n")

    def secret(self, name: str) -> str:
        """Return a secret of this platform, created on first use."""
        path = self.secrets / name
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(32) + "\n")
        return path.read_text("utf-8").strip()

    @contextmanager
    def alone(
        self, *, patience_s: float = 0, progress: Callable[[str], None] = lambda _: None, at: str = "lock"
    ) -> Iterator[None]:
        """Allow one command at a time. Raises NotAllowedNow if another one still runs after `patience_s`."""
        self.make()
        with (self.run / at).open("w") as lock:
            if not _locked(lock):
                if patience_s:
                    progress("waiting for another command")
                if not wait_until(lambda: _locked(lock), patience_s):
                    raise NotAllowedNow(f"Another command is starting or stopping the platform in {self.root}. Try again later.")
            yield


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def python_environment(**more: str) -> dict[str, str]:
    """Return the variables of a program of ours that runs as a process of its own."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore", **more}
