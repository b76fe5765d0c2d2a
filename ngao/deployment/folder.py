"""The secrets folder: what lies where, whose it is, and how it is written.

    ca/                ca.key, ca.pem; next.key, next.pem of one that waits   never mounted
    public/            ca.pem, registry-<period>.pub, intake-<period>.pub, backup.pub     everyone may read it
    <service>/         broker.password store.password operators.json keys/ tls/{cert,key}.pem
    broker/            definitions.json tls/{cert,key}.pem
    <service>-store/   keyfile tls/both.pem
    provision/         broker-admin.password, edge-names, and for each service broker-, store- and keyfile-<service>
    operator/          operator.key broker-admin.password ngao.env
    backup/            backup.key, which opens backups                        never mounted; better kept elsewhere

Each folder is mounted whole into the one container that needs it and belongs to that container's user; the folder around them
is root's and closed, so that nobody on the host passes through.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.settings import read_secret
from ngao.deployment.authority import Issued
from ngao.deployment.files import write_whole
from ngao.deployment.names import SERVICES, store_of

ROOT, SERVICE, ENGINE = 0, 10001, 999
"""Users: the host's administrator; the service image's; the broker's and the stores' in the public images."""

_STORES = tuple(store_of(service) for service in SERVICES)
_OWNERS = {
    **dict.fromkeys(("ca", "public", "backup"), ROOT),
    **dict.fromkeys((*SERVICES, "provision", "operator"), SERVICE),
    **dict.fromkeys(("broker", *_STORES), ENGINE),
}
Give = Callable[[Path, int, int], None]


@dataclass(frozen=True)
class SecretsFolder:
    """One deployment's secrets. `give` hands a file to a user and group: `os.chown`, which needs root."""

    root: Path
    give: Give = os.chown

    def at(self, *parts: str) -> Path:
        """A place in it; its first part is one of the folders above."""
        return self.root.joinpath(*parts)

    def read(self, *parts: str) -> str:
        """A file's text without its last line break. Raises Misconfigured."""
        return read_secret(self.at(*parts))

    def write(self, text: str, *parts: str) -> None:
        """Write a file whole, for the user whose folder it is in."""
        self._make(parts[:-1])
        whole = text if text.endswith("\n") else text + "\n"
        write_whole(self.at(*parts), whole, _mode(parts), give=lambda path: self._give(path, parts))

    def remove(self, *parts: str) -> None:
        """Take a file away, if it is there."""
        self.at(*parts).unlink(missing_ok=True)

    def coming(self, *parts: str, new: Callable[[], str]) -> str:
        """The secret that is to take this place: a new one, or the one that an interrupted change has begun with."""
        beside = _beside(parts)
        if not self.at(*beside).exists():
            self.write(new(), *beside)
        return self.read(*beside)

    def is_coming(self, *parts: str) -> bool:
        """Whether a change of this secret has begun and not ended."""
        return self.at(*_beside(parts)).exists()

    def settle_coming(self, *parts: str) -> None:
        """Let the new secret take its place."""
        self.at(*_beside(parts)).replace(self.at(*parts))

    def write_pair(self, pair: Issued, owner: str) -> None:
        """A server's or service's certificate and key, as its program wants to read them."""
        if owner in _STORES:
            self.write(pair.certificate + pair.key, owner, "tls", "both.pem")
            return
        self.write(pair.key, owner, "tls", "key.pem")
        self.write(pair.certificate, owner, "tls", "cert.pem")

    def certificate_of(self, owner: str) -> Path:
        """Where an owner's certificate stands."""
        return self.at(owner, "tls", "both.pem" if owner in _STORES else "cert.pem")

    def has_pair(self, owner: str) -> bool:
        """Whether an owner has its certificate and its key."""
        return self.certificate_of(owner).exists() and (owner in _STORES or self.at(owner, "tls", "key.pem").exists())

    def owner_of(self, room: str) -> int:
        """The user whose a folder's files are."""
        return _OWNERS[room]

    def mode_of(self, room: str) -> int:
        """The mode of a folder's files."""
        return _mode((room,))

    @property
    def rooms(self) -> tuple[str, ...]:
        """The folders in it."""
        return tuple(_OWNERS)

    def settle(self) -> None:
        """Give each file and folder its owner and mode, whoever put it there."""
        self.root.chmod(0o700)
        for room in _OWNERS:
            for path in [self.at(room), *self.at(room).rglob("*")]:
                if path.exists() and not path.name.startswith("."):
                    parts = path.relative_to(self.root).parts
                    path.chmod(_folder_mode(parts) if path.is_dir() else _mode(parts))
                    self._give(path, parts)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One command at a time changes it. Raises NotAllowedNow, and Misconfigured for a user who may not."""
        if self.give is os.chown and os.geteuid() != ROOT:
            raise Misconfigured("The secrets are given to the containers' users, which only root can do: run this with sudo.")
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise NotAllowedNow(f"Another command is changing the secrets in {self.root}.") from None
        finally:
            os.close(folder)

    def _make(self, parts: tuple[str, ...]) -> None:
        for length in range(1, len(parts) + 1):
            folder = self.at(*parts[:length])
            if not folder.exists():
                folder.mkdir(mode=_folder_mode(parts))
                folder.chmod(_folder_mode(parts))
                self._give(folder, parts)

    def _give(self, path: Path, parts: tuple[str, ...]) -> None:
        owner = _OWNERS[parts[0]]
        self.give(path, owner, owner)


def _beside(parts: tuple[str, ...]) -> tuple[str, ...]:
    return (*parts[:-1], f"{parts[-1]}.next")


def new_password() -> str:
    """256 random bits that need no quoting anywhere."""
    return secrets.token_urlsafe(32)


def new_keyfile() -> str:
    """What the members of a replica set know each other by: base64, as mongod demands."""
    return b64encode(secrets.token_bytes(96)).decode()


def _mode(parts: tuple[str, ...]) -> int:
    if parts[0] == "public":
        return 0o444
    return 0o600 if parts[0] == "ca" else 0o400


def _folder_mode(parts: tuple[str, ...]) -> int:
    return 0o755 if parts[0] == "public" else 0o700
