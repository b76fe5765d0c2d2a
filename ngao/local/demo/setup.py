"""Sets up the people and systems of the demo: sources, partners as processes, officers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ngao.chassis.errors import Unavailable
from ngao.chassis.settings import read_secret
from ngao.client import keygen, signing_keygen
from ngao.local.home import REPOSITORY, python_environment
from ngao.local.platform import PATIENCE_S, Platform

SOURCES = {"web-form": None, "kobo-nairobi": "kobo", "help-desk": None}
SILENT, DECLINING = "kinga-mtandao", "haki-legal-nairobi"
_DIRECTORY = REPOSITORY / "deploy" / "policy" / "partners.example.yaml"
_OFFICERS = {"duty-officer": "duty@example.org", "deputy": "deputy@example.org", "coordinator": "coordinator@example.org"}


@dataclass(frozen=True)
class DemoSetup:
    """The people and systems of the demo on one platform."""

    platform: Platform

    @property
    def accounts(self) -> Path:
        """The folder of the outsiders' accounts."""
        return self.platform.home.root / "accounts"

    def onboard(self) -> None:
        """Onboard all of them. It can be repeated. One command runs at a time, because each creates new secrets."""
        with self.platform.home.alone(patience_s=PATIENCE_S):
            for source, profile in SOURCES.items():
                if not self._has_account(f"source-{source}"):
                    self._ngao("source", "add", source, "--new-key", *(["--profile", profile] if profile else []))
            partners = [{**each, **self._public_keys(each["id"]), "contact": _contact(each["id"])} for each in self._directory()]
            self._load([partner for partner in partners if self._has_account(f"partner-{partner['id']}")])
            self._load([each for each in partners if not self._has_account(f"partner-{each['id']}")], "--new-key")
            for person, email in _OFFICERS.items():
                self._ngao("officer", "add", person, "--email", email)

    def source(self, source_id: str) -> Path:
        """Return a source's account file."""
        return self.accounts / f"source-{source_id}" / "account.json"

    def start_partners(self) -> None:
        """Start a process for each partner."""
        for partner in self._directory():
            name = f"partner-{partner['id']}"
            if self.platform.service(name).pid() is None:
                account = str(self.accounts / name / "account.json")
                program = [sys.executable, "-m", "ngao.local.demo.partner"]
                self.platform.start(name, [*program, account, behaviour_of(partner["id"])])

    def write_policy(self) -> bool:
        """Install the demo's deadlines as policy. Return True if they are new and the services must restart."""
        target = self.platform.home.policy / "deadlines.yaml"
        source = REPOSITORY / "deploy" / "demo" / "policy" / "deadlines.yaml"
        if target.exists() and target.read_bytes() == source.read_bytes():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return True

    def _directory(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = yaml.safe_load(_DIRECTORY.read_text("utf-8"))["partners"]
        twin = next(each for each in listed if each["id"] == "kinga-digital")
        # A second digital security partner that never answers. In its own county it is the better match, because it is near.
        return [*listed, {**twin, "id": SILENT, "name": "Kinga Mtandao (invented, silent)", "counties": ["KE-31"]}]

    def _public_keys(self, partner_id: str) -> dict[str, str]:
        """Create the partner's own key pairs, as it would on its own machine."""
        folder = self.accounts / f"partner-{partner_id}"
        box = next(iter(sorted(folder.glob("partner-*.pub"))), None) or keygen(folder)[2]
        return {"public_key": read_secret(box), "signing_key": read_secret(signing_keygen(folder)[2])}

    def _has_account(self, name: str) -> bool:
        """Check that both files exist. An interrupted onboarding is repeated, with new secrets."""
        return all((self.accounts / name / file).exists() for file in ("account.json", "http.secret"))

    def _load(self, partners: list[dict[str, Any]], *options: str) -> None:
        if partners:
            directory = self.platform.home.root / "demo" / "partners.yaml"
            directory.parent.mkdir(exist_ok=True)
            directory.write_text(yaml.safe_dump({"partners": partners}, allow_unicode=True), "utf-8")
            self._ngao("partner", "load", str(directory), *options)

    def _ngao(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "ngao.cli", *arguments]
        environment = python_environment(NGAO_HOME=str(self.platform.home.root))
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=REPOSITORY)
        if done.returncode:
            raise Unavailable(f"`ngao {' '.join(arguments[:3])}` failed: {(done.stderr or done.stdout).strip()}")


def behaviour_of(partner_id: str) -> str:
    """Return the behaviour of a partner in the demo."""
    return {SILENT: "silent", DECLINING: "decline"}.get(partner_id, "accept")


def _contact(partner_id: str) -> dict[str, str]:
    return {"email": f"{partner_id}@example.org", "language": "sw" if partner_id.startswith("pwani") else "en"}
