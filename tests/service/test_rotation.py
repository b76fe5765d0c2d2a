"""Each kind of secret is made new while a source posts without a pause: nothing is lost, nothing is done twice.

docs/how-to/rotate-secrets.md tells an operator the same steps in the same order.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from cryptography import x509
from pika.exceptions import AMQPConnectionError

from ngao.broker.management import Management
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.security.keyfiles import active_public
from ngao.deployment import rotate_certificates, rotate_keys, rotate_passwords
from ngao.deployment.authority import Authority
from ngao.deployment.init_secrets import load_authority
from ngao.deployment.naming import ADMINISTRATOR, SEALED_TO
from ngao.deployment.rotate_certificates import pending_authority
from ngao.local import binaries
from ngao.testing.waiting import eventually
from tests.support.deployment import RUNNING, Deployment, opened
from tests.support.flow import Flow
from tests.support.intake import report

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SOURCE = "night-line"
SERVERS = (*RUNNING, "broker", "intake-store")  # one store stands for all
RESOLVED = r"\.registry\.defender\.resolved\.v1$"


def demand_each_took_effect_once(deployment: Deployment, taken: list[str]) -> None:
    """What was taken is one report, one case, and one event that says who it is about."""
    refs = eventually(lambda: refs_of(deployment, taken), within=90, what="every report that was taken to be stored, once")
    once = dict.fromkeys(refs, 1)
    eventually(lambda: resolved(deployment, refs) == once, within=90, what="each case to be resolved once")
    for service in RUNNING:
        assert ask(deployment, service, "/v1/parked")["parked"] == [], service


def refs_of(deployment: Deployment, taken: list[str]) -> list[str]:
    """The cases of these reports, once all are there; a report that is there twice fails."""
    with deployment.database("intake") as database:
        found = list(database.reports.find({"source_event_id": {"$in": taken}}, {"source_event_id": 1, "case_ref": 1}))
    assert max(Counter(each["source_event_id"] for each in found).values(), default=0) <= 1
    return [each["case_ref"] for each in found] if len(found) == len(taken) else []


def resolved(deployment: Deployment, refs: list[str]) -> Counter[str]:
    """How often the registry has said of each case who it is about."""
    with deployment.database("registry") as database:
        told = database.outbox.find({"subject": {"$in": refs}, "routing_key": {"$regex": RESOLVED}}, {"subject": 1})
        return Counter(each["subject"] for each in told)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with opened(Path(tmp_path_factory.mktemp("rotation"))) as made:
        yield made


@pytest.fixture(scope="module")
def account(deployment: Deployment) -> Path:
    deployment.command("source", "add", SOURCE)
    return deployment.home.root / "accounts" / f"source-{SOURCE}" / "account.json"


@pytest.fixture
def flow(deployment: Deployment, account: Path) -> Iterator[Flow]:
    with Flow(account, report) as made:
        made.goes_on()
        yield made
        made.goes_on()
        demand_each_took_effect_once(deployment, list(made.taken))


def ask(deployment: Deployment, service: str, path: str, key: str | None = None) -> Any:
    known = key or deployment.secrets.read("operator", "operator.key")
    status, answer = deployment.services[service].request("GET", path, None, known)
    assert status == 200, (service, path, answer)
    return answer


def administrator(deployment: Deployment, password: str) -> Management:
    url = f"https://localhost:{deployment.ports['management']}"
    return Management(url, ADMINISTRATOR, password, ca_file=str(deployment.ca_file))


def restart_services(deployment: Deployment) -> None:
    """As `docker compose restart` does; those who ask them trust what is to be trusted now."""
    for name in RUNNING:
        deployment.services[name].stop()
        deployment.services[name].trusted = ssl.create_default_context(cafile=deployment.ca_file)
        deployment.services[name].start(ready=False)
    for name in RUNNING:
        eventually(deployment.services[name].is_ready, within=90, what=f"{name} to be ready")


def restart_store(deployment: Deployment) -> None:
    deployment.mongod.stop(30)
    deployment.start_store()


def restart_broker(deployment: Deployment) -> None:
    deployment.broker.process.stop(60)
    deployment.broker.start(binaries.rabbitmq_server(print))
    deployment.broker.wait()


def restart_everything(deployment: Deployment) -> None:
    restart_broker(deployment)
    restart_store(deployment)
    restart_services(deployment)


def shown(deployment: Deployment, part: str) -> int | None:
    """The serial number of the certificate that a server shows; None while it does not listen."""
    try:
        pem = ssl.get_server_certificate(("localhost", deployment.ports[part]), timeout=10)
    except OSError:
        return None
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def kept(deployment: Deployment, owner: str) -> int:
    return x509.load_pem_x509_certificate(deployment.secrets.certificate_of(owner).read_bytes()).serial_number


def every_server_shows_what_is_in_the_folder(deployment: Deployment) -> None:
    for part, owner in (("intake", "intake"), ("registry", "registry"), ("amqp", "broker"), ("mongo", "intake-store")):
        eventually(
            lambda part=part, owner=owner: shown(deployment, part) == kept(deployment, owner),  # type: ignore[misc]
            within=30, what=f"{owner} to show its new certificate",
        )  # fmt: skip


def is_taken_by_the_broker(deployment: Deployment, authority: Authority) -> bool:
    try:
        with pika.BlockingConnection(deployment.parameters(authority.client("nobody"))) as connection:
            return bool(connection.is_open)
    except (AMQPConnectionError, OSError):
        return False


def test_broker_passwords_change_and_each_new_connection_has_the_new_one(deployment: Deployment, flow: Flow) -> None:
    management = deployment.broker.management()
    before = {service: deployment.secrets.read(service, "broker.password") for service in RUNNING}
    for service in RUNNING:
        rotate_passwords.broker_password(deployment.secrets, service, management)
    flow.goes_on()
    for service in RUNNING:  # as if the network had broken
        account = service_account(service)
        names = eventually(lambda account=account: connections(management, account), what=f"connections of {service}")  # type: ignore[misc]
        for name in names:
            management.delete("connections", name)
        assert deployment.secrets.read(service, "broker.password") != before[service]
    flow.goes_on()
    for service in RUNNING:
        eventually(deployment.services[service].is_ready, within=60, what=f"{service} to be connected again")
    management.close()


def connections(management: Management, account: str) -> list[str]:
    return [each["name"] for each in management.get("connections") or () if each.get("user") == account]


def test_the_administrators_password_changes_and_outlives_a_restart_of_the_broker(deployment: Deployment, flow: Flow) -> None:
    before = deployment.secrets.read("operator", "broker-admin.password")
    rotate_passwords.administrator_password(deployment.secrets, lambda password: administrator(deployment, password))
    flow.goes_on()
    restart_broker(deployment)
    after = administrator(deployment, deployment.secrets.read("operator", "broker-admin.password"))
    assert after.get("whoami")["name"] == ADMINISTRATOR
    with pytest.raises(Misconfigured, match="refuses"):
        administrator(deployment, before).get("whoami")


def test_store_passwords_change_while_services_know_both(deployment: Deployment, flow: Flow) -> None:
    for service in RUNNING:
        rotate_passwords.store_password(deployment.secrets, service)
    flow.goes_on()
    restart_services(deployment)  # too early, as after a crash: the store knows the one before only
    flow.goes_on()
    told = deployment.command("provision")
    assert all(f"password of account {service_account(service)}" in told for service in RUNNING)
    flow.goes_on()
    restart_services(deployment)
    for service in RUNNING:
        rotate_passwords.finish_store_password(deployment.secrets, service)
    restart_services(deployment)


def test_certificates_change_and_only_the_store_has_to_start_again(deployment: Deployment, flow: Flow) -> None:
    rotate_certificates.certificates(deployment.secrets, SERVERS)
    deployment.broker.forget_files()
    flow.goes_on()
    restart_store(deployment)
    every_server_shows_what_is_in_the_folder(deployment)


def test_an_authority_takes_the_place_of_another_and_whoever_has_not_changed_yet_goes_on(
    deployment: Deployment, flow: Flow
) -> None:
    old, trusted_before = load_authority(deployment.secrets), deployment.ca_file.read_text()
    rotate_certificates.begin_authority(deployment.secrets)
    new = pending_authority(deployment.secrets)
    assert new is not None
    restart_everything(deployment)
    flow.goes_on()  # the source trusts the old authority alone, and shows a certificate of it
    assert flow.account.with_name("ca.pem").read_text() == trusted_before
    assert is_taken_by_the_broker(deployment, new)
    deployment.command("source", "certificate", SOURCE)
    flow.goes_on()  # now it trusts both, and shows a certificate of the new one
    rotate_certificates.switch_authority(deployment.secrets)
    deployment.broker.forget_files()
    restart_store(deployment)
    every_server_shows_what_is_in_the_folder(deployment)
    flow.goes_on()
    rotate_certificates.finish_authority(deployment.secrets)
    restart_everything(deployment)
    flow.goes_on()
    assert not is_taken_by_the_broker(deployment, old)


@pytest.mark.skipif(os.geteuid() != 0, reason="`ngao keys retire` in a deployment needs root, as its secrets do")
def test_wrapping_keys_change_and_the_one_before_is_destroyed(deployment: Deployment, flow: Flow) -> None:
    for service in RUNNING:
        before = ask(deployment, service, "/v1/keys")["active"]
        period = rotate_keys.begin_wrapping(deployment.secrets, service)
        eventually(
            lambda service=service, period=period: ask(deployment, service, "/v1/keys")["active"] == period,  # type: ignore[misc]
            within=30, what=f"{service} to wrap under {period}",
        )  # fmt: skip
        flow.goes_on()
        deployment.command("keys", "rewrap", service)
        a_day_ago = time.time() - 86400
        os.utime(deployment.secrets.at(service, "keys", f"kek-{period}.key"), (a_day_ago, a_day_ago))
        says = deployment.command("keys", "retire", before, "--service", service, fails=True)
        assert "--kind wrapping" in says, says  # its sealing key has to stay
        deployment.command("keys", "retire", before, "--service", service, "--kind", "wrapping")
        assert not deployment.secrets.at(service, "keys", f"kek-{before}.key").exists()
        assert deployment.secrets.at(service, "keys", f"sealing-{before}.key").exists()
        flow.goes_on()
        assert {each["period"] for each in ask(deployment, service, "/v1/keys")["wrapped"]} == {period}
    restart_services(deployment)


def test_sealing_keys_change_and_what_is_sealed_to_the_one_before_is_opened(deployment: Deployment, flow: Flow) -> None:
    for service in SEALED_TO:
        rotate_keys.begin_sealing(deployment.secrets, service)
    to_intake, _ = active_public(deployment.secrets.at("public"), "intake")
    to_registry, _ = active_public(deployment.secrets.at("public"), "registry")
    eventually(lambda: ask(deployment, "intake", "/v1/sealing-key")["key_id"] == to_intake, what="intake to tell its new key")
    eventually(lambda: sealed_to(deployment, to_registry), within=30, what="intake to seal to the registry's new key")
    flow.goes_on()  # the source still seals to intake's old key
    told = json.loads(flow.account.read_text())
    assert told["seal_to"]["key_id"] != to_intake
    known = ask(deployment, "intake", "/v1/sealing-key")
    told["seal_to"] = {name: known[name] for name in ("key_id", "public_key")}
    fresh = flow.account.with_name("account.new")
    fresh.write_text(json.dumps(told))
    fresh.chmod(0o600)
    fresh.replace(flow.account)


def sealed_to(deployment: Deployment, key_id: str) -> bool:
    with deployment.database("intake") as database:
        return database.reports.find_one({"sealed_identity.key_id": key_id}) is not None


def test_the_operators_key_changes_and_both_count_until_the_change_is_finished(deployment: Deployment, flow: Flow) -> None:
    before = deployment.secrets.read("operator", "operator.key")
    rotate_passwords.operator_key(deployment.secrets)
    for service in RUNNING:
        for key in (before, deployment.secrets.read("operator", "operator.key")):
            ask(deployment, service, "/v1/parked", key)
    rotate_passwords.finish_operator_key(deployment.secrets)
    for service in RUNNING:
        assert deployment.services[service].request("GET", "/v1/parked", None, before)[0] == 401
        ask(deployment, service, "/v1/parked")
