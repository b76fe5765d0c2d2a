"""`ngao secrets init`: everything a deployment needs, each file for one reader, and nothing ever made twice."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from ngao.broker.provisioning import has_password
from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.security import keyfiles
from ngao.chassis.security.identity import hash_key, load_operators
from ngao.deployment.authority import hosts_of
from ngao.deployment.init_secrets import make
from ngao.deployment.naming import SEALED_TO, SERVICES, period_of, store_of
from ngao.deployment.secrets_folder import ENGINE, ROOT, SERVICE, SecretsFolder
from tests.support.secrets_folder import Given


def files(folder: SecretsFolder) -> dict[str, bytes]:
    return {
        path.relative_to(folder.root).as_posix(): path.read_bytes() for path in sorted(folder.root.rglob("*")) if path.is_file()
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_finds_all_that_it_reads_at_start(made: SecretsFolder, service: str) -> None:
    own = {path.relative_to(made.at(service)).as_posix() for path in made.at(service).rglob("*") if path.is_file()}
    assert {"broker.password", "store.password", "operators.json", "tls/cert.pem", "tls/key.pem", "keys/lookup.key"} <= own
    assert keyfiles.load_keks(made.at(service, "keys"))
    assert load_operators(made.at(service, "operators.json"))["operator"].hashes == (
        hash_key(made.read("operator", "operator.key")),
    )


@pytest.mark.parametrize("service", SEALED_TO)
def test_what_others_seal_to_is_public_and_opens_with_the_private_half(made: SecretsFolder, service: str) -> None:
    key_id, _ = keyfiles.active_public(made.at("public"), service)
    assert key_id in keyfiles.load_private(made.at(service, "keys"))


@pytest.mark.parametrize("service", SERVICES)
def test_the_job_that_makes_accounts_knows_the_same_passwords(made: SecretsFolder, service: str) -> None:
    assert made.read(service, "broker.password") == made.read("provision", f"broker-{service}")
    assert made.read(service, "store.password") == made.read("provision", f"store-{service}")
    assert made.read(store_of(service), "keyfile") == made.read("provision", f"keyfile-{service}")


def test_who_makes_the_queues_at_the_edge_and_who_reads_them_know_the_same_secret_and_nobody_else(made: SecretsFolder) -> None:
    found = {path.relative_to(made.root).as_posix(): path.read_text() for path in made.root.rglob("edge-names*")}
    assert set(found) == {"provision/edge-names", "intake/keys/edge-names.key", "referral/keys/edge-names.key"}
    assert len(set(found.values())) == 1


def test_no_two_secrets_are_alike(made: SecretsFolder) -> None:
    passwords = [made.read("provision", path.name) for path in made.at("provision").iterdir()]
    assert len(set(passwords)) == len(passwords) == 2 + 3 * len(SERVICES)


def test_the_broker_is_given_its_administrators_hash_and_not_the_password(made: SecretsFolder) -> None:
    (user,) = json.loads(made.read("broker", "definitions.json"))["users"]
    password = made.read("operator", "broker-admin.password")
    assert (user["name"], user["tags"]) == ("ngao-admin", "administrator")
    assert has_password(user, password)
    assert password not in made.read("broker", "definitions.json")


def test_files_are_for_one_reader_and_folders_are_closed(made: SecretsFolder) -> None:
    assert mode(made.root) == 0o700
    for path in made.root.rglob("*"):
        public = path.is_relative_to(made.at("public"))
        allowed = {0o755 if public else 0o700} if path.is_dir() else {0o444} if public else {0o400, 0o600}
        assert mode(path) in allowed, path


def test_each_folder_belongs_to_its_containers_user(made: SecretsFolder, given: Given) -> None:
    owners = {path.relative_to(made.root).parts[0]: given.owners[str(path)] for path in made.root.rglob("*")}
    services = dict.fromkeys((*SERVICES, "provision", "operator"), SERVICE)
    engines = dict.fromkeys(("broker", *map(store_of, SERVICES)), ENGINE)
    assert owners == {"ca": ROOT, "public": ROOT, "backup": ROOT, **services, **engines}


def test_made_again_it_changes_nothing(made: SecretsFolder) -> None:
    before = files(made)
    assert make(made, hosts=("other.example.org",)) == []
    assert files(made) == before


def test_made_again_in_another_month_it_begins_no_new_period(made: SecretsFolder) -> None:
    for service in SERVICES:
        keys = made.at(service, "keys")
        for path in keys.glob(f"*-{period_of()}.key"):
            path.rename(keys / path.name.replace(period_of(), "2020-01"))
    for path in made.at("public").glob(f"*-{period_of()}.pub"):
        path.rename(made.at("public", path.name.replace(period_of(), "2020-01")))
    assert make(made) == []


@pytest.mark.parametrize(
    "lost",
    [
        "intake/broker.password", "provision/store-registry", "notify-store/keyfile", "public/registry-{period}.pub",
        "operator/broker-admin.password", "referral/operators.json", "public/ca.pem",
    ],
)  # fmt: skip
def test_what_was_lost_and_can_be_known_is_put_back(made: SecretsFolder, lost: str) -> None:
    before = files(made)
    period = max(keyfiles.periods_in(made.at("intake", "keys"), "kek-"))
    place = lost.format(period=period)
    made.at(place).unlink()
    assert make(made) == [place]
    assert files(made) == before


def test_a_service_that_an_earlier_version_did_not_have_gets_all_its_secrets_and_the_same_operators(made: SecretsFolder) -> None:
    """As `bin/ngao secrets init` finds the folder after an upgrade; operators were added meanwhile."""
    others = [service for service in SERVICES if service != "console"]
    operators = json.loads(made.read("intake", "operators.json"))
    operators["operators"].append({**operators["operators"][0], "id": "amina"})
    for service in others:
        made.write(json.dumps(operators), service, "operators.json")
    for path in sorted(made.root.rglob("*console*")):
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    before = files(made)
    new = make(made, hosts=("ngao.example.org",))
    assert {path.partition("/")[0] for path in new} == {"console", "console-store", "provision", "public"}
    assert [path for path in new if "console" not in path] == []
    assert {path: content for path, content in files(made).items() if path in before} == before
    assert load_operators(made.at("console", "operators.json")).keys() == {"operator", "amina"}
    assert "ngao.example.org" in hosts_of(made.read("console", "tls", "cert.pem"))


def test_half_a_pair_is_issued_anew(made: SecretsFolder) -> None:
    old = made.read("intake", "tls", "cert.pem")
    made.at("intake", "tls", "key.pem").unlink()
    make(made)
    assert made.read("intake", "tls", "cert.pem") != old


def test_a_file_that_an_operator_adds_gets_its_owner_and_mode(made: SecretsFolder, given: Given) -> None:
    added = made.at("notify", "smtp.password")
    added.write_text("invented\n")
    make(made)
    assert mode(added) == 0o400
    assert given.owners[str(added)] == SERVICE


def test_without_tls_there_is_no_authority_and_no_certificate(folder: SecretsFolder) -> None:
    make(folder, tls=False)
    assert not folder.at("ca").exists()
    assert [path for path in files(folder) if path.endswith(".pem")] == []
    assert folder.at("intake", "broker.password").exists()


def test_without_root_it_is_said_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Misconfigured, match="sudo"):
        make(SecretsFolder(tmp_path / "secrets"))
    assert not (tmp_path / "secrets").exists()


def test_two_commands_do_not_change_it_at_once(made: SecretsFolder) -> None:
    with made.alone(), pytest.raises(NotAllowedNow):
        make(made)


@pytest.mark.parametrize("host", ["ngao.example.org:5671", "", "two words", "*.example.org", "-x.example.org"])
def test_a_host_that_is_none_is_refused_by_name_of_the_option(folder: SecretsFolder, host: str) -> None:
    with pytest.raises(Misconfigured, match="--host"):
        make(folder, hosts=(host,))
    assert not folder.root.exists()
