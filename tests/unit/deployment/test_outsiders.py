"""An outsider's account where TLS is spoken: whom to trust and who it is lie beside its passwords."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ngao.broker.onboarding import AccountFile, Edge
from ngao.chassis.errors import InvalidInput, Misconfigured
from ngao.cli.accounts import next_steps, write_account, write_certificate
from ngao.client import BadAccount
from ngao.client.account import load
from ngao.deployment import rotate_certificates
from ngao.deployment.secrets_folder import SecretsFolder

QUEUES = {"routine": "partner.legal-aid.x", "urgent": "partner.legal-aid.x.urgent"}


@pytest.fixture(autouse=True)
def commands(tmp_path: Path, made: SecretsFolder, monkeypatch: pytest.MonkeyPatch) -> SecretsFolder:
    """The commands as an operator runs them beside the secrets."""
    monkeypatch.setenv("NGAO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NGAO_SECRETS", str(made.root))
    monkeypatch.setenv("NGAO_CA_FILE", str(made.at("public", "ca.pem")))
    return made


def handed_over(http_url: str | None = "https://ngao.example.org:8443") -> Path:
    edge = Edge("ngao.edge", "ngao.example.org", 5671)
    return write_account(AccountFile("partner", "legal-aid", edge, "hush", "partner-replies", QUEUES), http_url=http_url)


def test_the_client_reads_the_account_and_shows_its_certificate() -> None:
    folder = handed_over()
    (folder / "http.secret").touch(mode=0o600)
    (folder / "http.secret").write_text("key\n")
    account = load(folder / "account.json", "partner")
    assert account.broker.ssl_options.context.check_hostname
    assert account.broker.ssl_options.server_hostname == "ngao.example.org"
    assert account.http is not None
    assert account.http.ca_file == str(folder / "ca.pem")


def test_the_certificate_names_the_account_and_no_host() -> None:
    certificate = x509.load_pem_x509_certificate((handed_over() / "cert.pem").read_bytes())
    assert [each.value for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["partner-legal-aid"]
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_only_its_owner_reads_the_key(commands: SecretsFolder) -> None:
    folder = handed_over()
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    (folder / "key.pem").chmod(0o644)
    with pytest.raises(BadAccount, match="readable by other users"):
        load(folder / "account.json", "partner")


def test_another_ones_key_is_refused_by_the_client(commands: SecretsFolder) -> None:
    folder = handed_over()
    (folder / "key.pem").write_text(commands.read("ca", "ca.key") + "\n")
    with pytest.raises(BadAccount, match="do not work together"):
        load(folder / "account.json", "partner")


def test_without_the_authoritys_key_there_is_no_certificate_and_it_is_said(commands: SecretsFolder) -> None:
    commands.at("ca", "ca.key").unlink()
    folder = handed_over()
    told = json.loads((folder / "account.json").read_text())
    assert told["ca_file"] == "ca.pem"
    assert "cert_file" not in told
    assert "has no client certificate" in next_steps(folder, None)
    with pytest.raises(Misconfigured, match="authority's key is not available here"):
        write_certificate("partner", "legal-aid")


def test_a_certificate_is_renewed_beside_the_account() -> None:
    folder = handed_over()
    before, account = (folder / "cert.pem").read_text(), (folder / "account.json").read_text()
    assert str(folder) in write_certificate("partner", "legal-aid")
    assert (folder / "cert.pem").read_text() != before
    assert (folder / "account.json").read_text() == account


def test_while_an_authority_waits_an_outsider_is_given_it_to_trust_and_a_certificate_of_it(commands: SecretsFolder) -> None:
    old = commands.read("ca", "ca.pem")
    rotate_certificates.begin_authority(commands)
    folder = handed_over()
    new = x509.load_pem_x509_certificate(commands.at("ca", "next.pem").read_bytes())
    assert old in (folder / "ca.pem").read_text()
    assert commands.read("ca", "next.pem") in (folder / "ca.pem").read_text()
    x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes()).verify_directly_issued_by(new)


def test_a_certificate_for_an_id_that_could_mean_another_is_refused() -> None:
    with pytest.raises(InvalidInput):
        write_certificate("partner", "Legal Aid")


def test_without_tls_the_account_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_CA_FILE", "")
    folder = handed_over()
    assert {path.name for path in folder.iterdir()} == {"account.json", "broker.secret"}
    with pytest.raises(Misconfigured, match="NGAO_CA_FILE"):
        write_certificate("partner", "legal-aid")


def test_an_outsider_that_reaches_no_http_is_told_of_none() -> None:
    assert "http" not in json.loads((handed_over(None) / "account.json").read_text())
