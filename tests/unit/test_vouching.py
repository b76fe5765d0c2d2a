"""The operator's side of partner keys: what is vouched for, kept, signed by a second operator; and the keys for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security import keyfiles, signing
from ngao.chassis.security.vouches import RecipientKeys, Vouch, judge
from ngao.chassis.settings import read_secret
from ngao.cli import vouching
from ngao.cli.api_client import Refused
from ngao.deployment import first_keys
from ngao.deployment.checks.secrets import onboarding
from ngao.deployment.init_secrets import make
from ngao.deployment.secrets_folder import SecretsFolder
from ngao.local import configuration
from ngao.local.home import Home
from ngao.testing.vouching import PartnerKeys
from tests.support.secrets_folder import Given

SETTINGS = {
    "id": "clinic", "name": "Clinic", "support_types": ["medical"], "counties": ["*"], "languages": [], "capacity": 1,
    "vetted": True, "suspended": False, "timezone": "Africa/Nairobi", "hours": [],
}  # fmt: skip
KEYS = PartnerKeys.new("clinic")
OWN = {"public_key": KEYS.box_public, "signing_key": KEYS.signing_public}


class Directory:
    """Referral's interface, as far as it is used here."""

    def __init__(self, **partners: dict[str, Any]) -> None:
        self.partners = partners

    def get(self, path: str) -> dict[str, Any]:
        try:
            return self.partners[path.rsplit("/", 1)[1]]
        except KeyError:
            raise Refused("There is no such partner.") from None

    def put(self, path: str, body: dict[str, Any]) -> None:
        self.partners[path.rsplit("/", 1)[1]] = body


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    first_keys.init_onboarding(tmp_path / "own" / "onboarding.key", [tmp_path / "registry", tmp_path / "intake"], "desk")
    monkeypatch.setenv("NGAO_ONBOARDING_KEY_FILE", str(tmp_path / "own" / "onboarding.key"))
    return tmp_path / "own" / "onboarding.key"


def believed(written: str, folder: Path) -> bool:
    return isinstance(judge(written, "clinic", None, keyfiles.load_onboarding(folder)), RecipientKeys)


def test_a_partner_that_is_added_is_vouched_for(key_file: Path, tmp_path: Path) -> None:
    made = vouching.of(Directory(), {**SETTINGS, **OWN})  # type: ignore[arg-type]
    assert believed(made["vouch"], tmp_path / "registry")
    assert believed(made["vouch"], tmp_path / "intake")


def test_added_again_with_the_same_keys_the_vouch_and_its_signatures_stay(key_file: Path) -> None:
    first = vouching.of(Directory(), {**SETTINGS, **OWN})["vouch"]  # type: ignore[arg-type]
    both = Vouch.read(first).signed(signing.new_key()).write()
    known = Directory(clinic={**SETTINGS, **OWN, "vouch": both})
    assert vouching.of(known, SETTINGS)["vouch"] == both  # type: ignore[arg-type]
    other = vouching.of(known, {**SETTINGS, "public_key": PartnerKeys.new("clinic").box_public})["vouch"]  # type: ignore[arg-type]
    assert len(Vouch.read(other).signatures) == 1


def test_without_an_onboarding_key_here_nothing_is_vouched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_ONBOARDING_KEY_FILE", str(tmp_path / "elsewhere"))
    assert vouching.of(Directory(), {**SETTINGS, **OWN}) == {}  # type: ignore[arg-type]


def test_a_second_operator_signs_the_same_statement(key_file: Path, tmp_path: Path) -> None:
    first = vouching.of(Directory(), {**SETTINGS, **OWN})["vouch"]  # type: ignore[arg-type]
    second = tmp_path / "second.key"
    second.write_text(signing.new_key())
    second.chmod(0o600)
    referral = Directory()
    said = vouching.sign(referral, {**SETTINGS, **OWN, "vouch": first}, second)  # type: ignore[arg-type]
    assert len(Vouch.read(referral.partners["clinic"]["vouch"]).signatures) == 2
    assert signing.key_id(KEYS.signing_public or "") in said


def test_an_installation_gets_one_onboarding_key_and_none_again_when_it_is_kept_elsewhere(tmp_path: Path) -> None:
    folder = SecretsFolder(tmp_path / "secrets", Given())
    make(folder, tls=False)
    trusted = {room: folder.at(room, "keys") for room in ("registry", "intake")}
    assert "one operator can change" in onboarding(trusted)
    public = signing.public_of(read_secret(folder.at("operator", "onboarding.key")))
    assert list(keyfiles.load_onboarding(trusted["registry"]).values()) == [public]
    folder.at("operator", "onboarding.key").unlink()
    assert make(folder, tls=False) == []
    first_keys.trust_onboarding(trusted["registry"], "amina", signing.public_of(signing.new_key()))
    with pytest.raises(Misconfigured, match="different onboarding keys"):
        onboarding(trusted)


def test_a_home_of_a_version_that_signed_nothing_takes_unsigned_events_for_a_while(tmp_path: Path) -> None:
    fresh, old = Home(tmp_path / "fresh"), Home(tmp_path / "old")
    for home in (fresh, old):
        home.make()
    first_keys.init_service_keys(old.keys / "intake", "2026-10")
    for home in (fresh, old):
        configuration.write_keys(home)
        configuration.write_keys(home)
    assert "accept_unsigned_until" not in fresh.state()
    until = old.state()["accept_unsigned_until"]
    assert onboarding({service: old.keys / service for service in ("registry", "intake")})
    configuration.write_keys(old)
    assert old.state()["accept_unsigned_until"] == until
