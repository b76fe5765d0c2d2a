"""A service's own store as a deployment has it, with TLS and a key: set up once, left alone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import OperationFailure

from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.deployment.authority import Authority
from ngao.deployment.secrets_folder import new_keyfile
from ngao.deployment.store_setup import NewStore, named
from ngao.local import binaries
from ngao.local.ports import free_port
from ngao.local.processes import Process
from tests.support.rights import demand_rights

FIRST = ["replica set of {0}", "account svc-intake on {0}"]


@dataclass(frozen=True)
class Running:
    """A mongod that nobody has set up yet, and what its deployment knows of it."""

    folder: Path
    new: NewStore

    def client(self, password: str | None = None) -> Any:
        """As the service; a certificate of ours is not asked for."""
        options: Any = {"username": "svc-intake", "password": password or self.new.password, "authSource": "ngao_intake"}
        address = f"mongodb://{self.new.host}/?replicaSet=rs0&serverSelectionTimeoutMS=5000"
        return pymongo.MongoClient(address, tls=True, tlsCAFile=self.new.ca_file, **options)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    authority, key, port = Authority.new(), new_keyfile(), free_port()
    issued = authority.server("intake-store", ("localhost", "127.0.0.1"))
    (tmp_path / "ca.pem").write_text(authority.certificate_pem)
    (tmp_path / "data").mkdir()
    for name, text in (("both.pem", issued.certificate + issued.key), ("keyfile", key)):
        (tmp_path / name).touch(0o400)
        (tmp_path / name).chmod(0o600)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o400)
    found = binaries.mongod(print)
    command = [
        str(found.program), "--dbpath", str(tmp_path / "data"), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket",
        "--replSet", "rs0", "--keyFile", str(tmp_path / "keyfile"), "--tlsMode", "requireTLS", "--wiredTigerCacheSizeGB", "0.25",
        "--tlsCertificateKeyFile", str(tmp_path / "both.pem"), "--tlsCAFile", str(tmp_path / "ca.pem"),
        "--tlsAllowConnectionsWithoutCertificates",
    ]  # fmt: skip
    process = Process("mongod", tmp_path)
    process.start(command, log=tmp_path / "mongod.log", environment={**os.environ, **found.environment}, cwd=tmp_path)
    try:
        yield Running(tmp_path, NewStore("intake", f"localhost:{port}", key, "first-password", str(tmp_path / "ca.pem")))
    finally:
        process.stop()


def test_it_is_set_up_once_and_its_account_reaches_its_database_only(running: Running) -> None:
    new = running.new
    assert new.bring(dry_run=True) == [each.format(new.host) for each in FIRST]
    assert new.bring() == [each.format(new.host) for each in FIRST]
    assert new.bring() == []
    with running.client() as client:
        client.ngao_intake.reports.insert_one({"_id": 1})
        others = client.ngao_registry.people
        for forbidden in (others.find_one, lambda: others.insert_one({}), lambda: client.admin.command("serverStatus")):
            with pytest.raises(OperationFailure):
                forbidden()


def test_its_account_adds_to_what_is_on_record_and_can_neither_change_nor_remove_it(running: Running) -> None:
    running.new.bring()
    with running.client() as client:
        demand_rights(client.ngao_intake, "intake")


def test_an_account_of_the_version_before_loses_the_right_to_change_what_is_on_record(running: Running) -> None:
    running.new.bring()
    with running.new._client(username="__system", password=running.new.key, authSource="local") as client:
        client.ngao_intake.command("updateUser", "svc-intake", roles=[{"role": "readWrite", "db": "ngao_intake"}])
    assert running.new.bring() == [f"rights of account svc-intake on {running.new.host}"]
    with running.client() as client:
        demand_rights(client.ngao_intake, "intake")


def test_a_role_that_somebody_widened_is_narrowed(running: Running) -> None:
    running.new.bring()
    with running.new._client(username="__system", password=running.new.key, authSource="local") as client:
        more = {"resource": {"db": "ngao_intake", "collection": "audit"}, "actions": ["remove"]}
        client.ngao_intake.command("grantPrivilegesToRole", "service", privileges=[more])
    assert running.new.bring() == [f"rights of account svc-intake on {running.new.host}"]
    assert running.new.bring() == []


def test_another_password_and_lost_rights_are_mended(running: Running) -> None:
    running.new.bring()
    changed = replace(running.new, password="second-password")
    assert changed.bring() == [f"password of account svc-intake on {changed.host}"]
    with changed._client(username="__system", password=changed.key, authSource="local") as client:
        client.ngao_intake.command("updateUser", "svc-intake", roles=[])
    assert changed.bring() == [f"rights of account svc-intake on {changed.host}"]
    assert changed.bring() == []
    with running.client("second-password") as client:
        client.ngao_intake.reports.insert_one({"_id": 1})


def test_a_wrong_key_is_told_at_once_and_names_the_file(running: Running) -> None:
    with pytest.raises(Misconfigured, match=r"the key in keyfile-intake\. It must be the key in intake-store/keyfile"):
        replace(running.new, key=new_keyfile(), within_s=30).bring()


def test_a_store_of_another_authority_is_not_trusted(running: Running, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_text(Authority.new().certificate_pem)
    with pytest.raises(Unavailable, match="its certificate is not of a trusted authority"):
        replace(running.new, ca_file=str(stranger), within_s=5).bring()


def test_a_store_that_is_not_there_is_waited_for_and_then_told() -> None:
    with pytest.raises(Unavailable, match=r"did not answer within 1 s \(ServerSelectionTimeoutError\)\. See its log\."):
        NewStore("intake", f"localhost:{free_port()}", "a2V5", "password", within_s=1).bring()


@pytest.mark.parametrize("hosts", ["intake", "intake=intake-store", "nobody=nobody-store:27017", "intake:27017"])
def test_stores_that_cannot_be_are_refused(tmp_path: Path, hosts: str) -> None:
    with pytest.raises(Misconfigured, match="NGAO_STORES must be like"):
        named(hosts, tmp_path, None)


def test_stores_are_named_with_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "keyfile-notify").write_text("a2\nV5\n")
    (tmp_path / "store-notify").write_text("secret\n")
    store = NewStore("notify", "notify-store:27017", "a2V5", "secret")
    assert named("notify=notify-store:27017", tmp_path, "") == [store]
    assert "secret" not in repr(store)
