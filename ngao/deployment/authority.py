"""The internal certificate authority of a deployment. It signs for services, broker, stores and outsiders.

Elliptic curve P-256 (FIPS 186-5), X.509 by RFC 5280. A server's certificate names its hosts; an outsider's is for clients only
and names no host, so that no partner can pass for the broker.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ngao.chassis.errors import Misconfigured

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 825
_BACKDATED = timedelta(days=1)  # valid also on a machine whose clock is slow
_DNS = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
_PURPOSES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Authority:
    """A certificate and the key that signs with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> Authority:
        """Create an authority with a unique name, so that two can be trusted at the same time."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Ngao internal authority {secrets.token_hex(4)}")
        made = _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        return cls(made.sign(key, hashes.SHA256()), key)

    @classmethod
    def load(cls, certificate: str, key: str) -> Authority:
        """Read both from PEM. Raises Misconfigured if one is invalid or they do not match."""
        try:
            read = x509.load_pem_x509_certificate(certificate.encode())
            private = serialization.load_pem_private_key(key.encode(), password=None)
        except ValueError:
            raise Misconfigured("The authority (ca/ca.pem and ca/ca.key) is not PEM. Restore both files.") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != read.public_key():
            raise Misconfigured("The authority's key (ca/ca.key) does not match its certificate (ca/ca.pem). Restore both files.")
        return cls(read, private)

    @property
    def name(self) -> str:
        """The name of the issuer in its certificates."""
        return self.certificate.subject.rfc4514_string()

    @property
    def certificate_pem(self) -> str:
        """The certificate that others trust."""
        return _pem(self.certificate)

    @property
    def key_pem(self) -> str:
        """The private key, only for the operator."""
        return _private_pem(self.key)

    def server(self, name: str, hosts: Sequence[str]) -> Issued:
        """Issue a certificate for a server that is also a client of others. Raises Misconfigured for an invalid host."""
        return self._issue(name, hosts, (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH))

    def client(self, name: str) -> Issued:
        """Issue a certificate for a client only: an outsider's, with its account as the common name."""
        return self._issue(name, (), (ExtendedKeyUsageOID.CLIENT_AUTH,))

    def _issue(self, name: str, hosts: Sequence[str], purposes: Sequence[x509.ObjectIdentifier]) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(_name(name), self.certificate.subject, key.public_key(), CERTIFICATE_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(_usage("digital_signature"), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        public = self.key.public_key()
        made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
        return Issued(_pem(made.sign(self.key, hashes.SHA256())), _private_pem(key))


def hosts_of(certificate: str) -> list[str]:
    """Return the hosts of a certificate, so that its successor names the same."""
    read = x509.load_pem_x509_certificate(certificate.encode())
    try:
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def issuer_of(certificate: str) -> str:
    """Return the name of the authority that signed a certificate."""
    return x509.load_pem_x509_certificate(certificate.encode()).issuer.rfc4514_string()


def demand_host(host: str) -> None:
    """Raise Misconfigured for anything but a host name or an IP address."""
    _general(host)


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not _DNS.fullmatch(host):
            raise Misconfigured("--host takes a host name, such as ngao.example.org, or an IP address, without a port.") from None
        return x509.DNSName(host)


def _builder(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - _BACKDATED).not_valid_after(now + timedelta(days=days))
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _usage(*purposes: str) -> x509.KeyUsage:
    """Allow the key these purposes only."""
    return x509.KeyUsage(**{purpose: purpose in purposes for purpose in _PURPOSES})


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    pem, pkcs8, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(pem, pkcs8, plain).decode()
