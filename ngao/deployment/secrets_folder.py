"""The secrets folder: its layout, the owner of each file, and how it is written.

    ca/                ca.key, ca.pem; next.key, next.pem of a pending one     never mounted
    public/            ca.pem, registry-<period>.pub, intake-<period>.pub, backup.pub     readable by all
    <service>/         broker.password store.password operators.json keys/ tls/{cert,key}.pem
    broker/            definitions.json tls/{cert,key}.pem
    <service>-store/   keyfile tls/both.pem
    provision/         broker-admin.password, edge-names, and for each service broker-, store- and keyfile-<service>
    operator/          operator.key broker-admin.password ngao.env
    backup/            backup.key, which opens backups                        never mounted; better stored elsewhere

Each folder is mounted whole into the one container that needs it, and belongs to that container's user. The folder around
them is closed and belongs to root, so that no other user of the host has access.
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
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.authority import Issued
from ngao.deployment.naming import SERVICES, store_of

ROOT, SERVICE, ENGINE = 0, 10001, 999
"""The users: the host's administrator, the service image's, and those of broker and stores in the public images."""

_STORES = tuple(store_of(service) for service in SERVICES)
OWNERS = {
    **dict.fromkeys(("ca", "public", "backup"), ROOT),
    **dict.fromkeys((*SERVICES, "provision", "operator"), SERVICE),
    **dict.fromkeys(("broker", *_STORES), ENGINE),
}
"""The folders, each with the user of its files."""

Give = Callable[[Path, int, int], None]


@dataclass(frozen=True)
class SecretsFolder:
    """The secrets of one deployment. `give` hands a file to a user and group: `os.chown`, which needs root."""

    root: Path
    give: Give = os.chown

    def at(self, *parts: str) -> Path:
        """Return a path in it. The first part is one of the folders above."""
        return self.root.joinpath(*parts)

    def read(self, *parts: str) -> str:
        """Read a file without its last line break. Raises Misconfigured."""
        return read_secret(self.at(*parts))

    def write(self, text: str, *parts: str) -> None:
        """Replace a file atomically, for the user of its folder."""
        self._make(parts[:-1])
        whole = text if text.endswith("\n") else text + "\n"
        write_whole(self.at(*parts), whole, mode_of(parts[0]), give=lambda path: self._give(path, parts))

    def ensure(self, new: Callable[[], str], *parts: str) -> None:
        """Write a new secret where none is yet."""
        if not self.at(*parts).exists():
            self.write(new(), *parts)

    def remove(self, *parts: str) -> None:
        """Remove a file if it exists."""
        self.at(*parts).unlink(missing_ok=True)

    def pending(self, *parts: str, new: Callable[[], str]) -> str:
        """Return the pending secret for this place: a new one, or that of an interrupted change."""
        beside = _beside(parts)
        self.ensure(new, *beside)
        return self.read(*beside)

    def has_pending(self, *parts: str) -> bool:
        """Check for an unfinished change of this secret."""
        return self.at(*_beside(parts)).exists()

    def apply_pending(self, *parts: str) -> None:
        """Replace the secret by the pending one."""
        self.at(*_beside(parts)).replace(self.at(*parts))

    def write_pair(self, pair: Issued, owner: str) -> None:
        """Write the certificate and key of a server or service in the form that its program reads."""
        if owner in _STORES:
            self.write(pair.certificate + pair.key, owner, "tls", "both.pem")
            return
        self.write(pair.key, owner, "tls", "key.pem")
        self.write(pair.certificate, owner, "tls", "cert.pem")

    def certificate_of(self, owner: str) -> Path:
        """Return the path of an owner's certificate."""
        return self.at(owner, "tls", "both.pem" if owner in _STORES else "cert.pem")

    def has_pair(self, owner: str) -> bool:
        """Check that an owner has its certificate and its key."""
        return self.certificate_of(owner).exists() and (owner in _STORES or self.at(owner, "tls", "key.pem").exists())

    def settle(self) -> None:
        """Set the owner and mode of every file and folder."""
        self.root.chmod(0o700)
        for room in OWNERS:
            for path in [self.at(room), *self.at(room).rglob("*")]:
                if path.exists() and not path.name.startswith("."):
                    parts = path.relative_to(self.root).parts
                    path.chmod(_folder_mode(parts) if path.is_dir() else mode_of(parts[0]))
                    self._give(path, parts)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Allow one command at a time to change it. Raises NotAllowedNow, or Misconfigured for a user without the rights."""
        if self.give is os.chown and os.geteuid() != ROOT:
            raise Misconfigured("The secrets belong to the containers' users, and only root can set owners. Run this with sudo.")
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise NotAllowedNow(f"Another command is changing the secrets in {self.root}. Try again later.") from None
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
        owner = OWNERS[parts[0]]
        self.give(path, owner, owner)


def _beside(parts: tuple[str, ...]) -> tuple[str, ...]:
    return (*parts[:-1], f"{parts[-1]}.next")


def provision_folder(root: Path) -> Path:
    """Return the secrets of the job `provision`: a part of the whole folder, or all that its container sees."""
    return root / "provision" if (root / "provision").is_dir() else root


def new_password() -> str:
    """Return 256 random bits in a form that needs no quoting."""
    return secrets.token_urlsafe(32)


def new_keyfile() -> str:
    """Return a key for the members of a replica set, in base64 as mongod requires."""
    return b64encode(secrets.token_bytes(96)).decode()


def mode_of(room: str) -> int:
    """Return the mode of a folder's files."""
    return {"public": 0o444, "ca": 0o600}.get(room, 0o400)


def _folder_mode(parts: tuple[str, ...]) -> int:
    return 0o755 if parts[0] == "public" else 0o700
