"""The secrets that commands change: the folder of a deployment, or this machine's platform."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ngao.chassis.errors import Misconfigured
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.naming import SERVICES
from ngao.deployment.operators import Entry, as_text, entries_in
from ngao.deployment.secrets_folder import SecretsFolder
from ngao.local.home import REPOSITORY, Home


def folder_at(directory: Path | None) -> SecretsFolder:
    """Return the secrets folder of an option, the environment, or the default."""
    return SecretsFolder((directory or Path(os.environ.get("NGAO_SECRETS") or REPOSITORY / "secrets")).absolute())


def existing_folder() -> SecretsFolder:
    """Return the secrets folder that `ngao secrets init` has created. Raises Misconfigured."""
    folder = folder_at(None)
    if not _is_whole(folder):
        raise Misconfigured(f"No secrets found in {folder.root}. Run `ngao secrets init`, or set NGAO_SECRETS to their folder.")
    return folder


def deployment() -> SecretsFolder | None:
    """Return the secrets folder of the deployment, or None if the commands are for this machine's platform."""
    folder = folder_at(None) if os.environ.get("NGAO_SECRETS") else None
    return folder if folder and _is_whole(folder) else None


def onboarding_key_file() -> Path:
    """Return the file of the key that signs partners' keys: NGAO_ONBOARDING_KEY_FILE, or this machine's."""
    return Path(os.environ.get("NGAO_ONBOARDING_KEY_FILE") or Home.from_environment().onboarding_key)


@dataclass(frozen=True)
class OperatorLists:
    """The list of operators: one copy for each service of a deployment, or one for this machine's platform."""

    folder: SecretsFolder | None

    def entries(self) -> list[Entry]:
        """Read all operators."""
        if self.folder is None:
            self._local()  # raises, with the remedy, before the first start
        return self.entries_so_far()

    def entries_so_far(self) -> list[Entry]:
        """Read all operators: none before the first start."""
        return entries_in(self.folder.at(SERVICES[0], "operators.json") if self.folder else Home.from_environment().operators)

    def write(self, entries: list[Entry]) -> None:
        """Replace all operators."""
        if self.folder is None:
            write_whole(self._local(), as_text(entries))
            return
        with self.folder.alone():
            for service in SERVICES:
                self.folder.write(as_text(entries), service, "operators.json")

    def key_file(self, operator_id: str) -> Path:
        """Return the path of an operator's new key."""
        name = f"operator-{operator_id}.key"
        return self.folder.at("operator", name) if self.folder else Home.from_environment().secrets / name

    def _local(self) -> Path:
        path = Home.from_environment().operators
        if not path.exists():
            raise Misconfigured(f"No list of operators at {path}. Run `ngao up` first.")
        return path


def _is_whole(folder: SecretsFolder) -> bool:
    return folder.at("operator", "operator.key").exists()
