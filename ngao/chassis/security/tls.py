"""TLS from files: who we are, whom we trust, and one sentence about a file that cannot be used.

Nothing below TLS 1.2 is spoken (RFC 8996). Hosts are always verified. Files are looked at again, so that a certificate that was
renewed is used without a restart.
"""

from __future__ import annotations

import socket
import ssl
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509

from ngao.chassis.errors import Misconfigured, readable
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.rereading import RereadFile
from ngao.chassis.security.keyfiles import refuse_open

OLDEST = ssl.TLSVersion.TLSv1_2
_LOOK_S = 3
_log = get_logger(__name__)


def server_identity(cert_file: Path | None, key_file: Path | None) -> RereadFile[ssl.SSLContext] | None:
    """Return the context of a server's next connection, loaded again with a new certificate; None without TLS.

    The key is written before the certificate: once the certificate is new, both are. Raises Misconfigured.
    """
    if cert_file is None or key_file is None:
        return None
    warn = partial(_log.warning, "tls.certificate_not_loaded")
    return RereadFile(cert_file, partial(_server_context, cert_file, key_file), warn)


def _server_context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = OLDEST
    _load_chain(context, cert_file, key_file)
    return context


def demand_client(ca_file: Path, cert_file: Path | None = None, key_file: Path | None = None) -> None:
    """Raise Misconfigured, naming the file, when a client could not speak TLS with these."""
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(ca_file)
    except ssl.SSLError:
        raise Misconfigured(f"The file of trusted authorities {ca_file} does not hold certificates in PEM.") from None
    except OSError as error:
        raise Misconfigured(f"The file of trusted authorities {ca_file} cannot be read ({error.strerror}).") from None
    if cert_file and key_file:
        _load_chain(context, cert_file, key_file)


def client_options(host: str, ca_file: Path, cert_file: Path | None, key_file: Path | None) -> dict[str, Any]:
    """Return py-amqp's settings, as values that it reads again for each connection."""
    options: dict[str, Any] = {"ca_certs": str(ca_file), "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": host}
    if cert_file and key_file:
        options |= {"certfile": str(cert_file), "keyfile": str(key_file)}
    return {**options, "tls_minimum_version": OLDEST}


def not_after(file: Path) -> float:
    """Return when the first of a file's certificates expires, in seconds since 1970. Raises OSError, ValueError."""
    return min(each.not_valid_after_utc.timestamp() for each in x509.load_pem_x509_certificates(file.read_bytes()))


def shown_until(connection: ssl.SSLSocket) -> float:
    """Return when the certificate of the other side expires, in seconds since 1970."""
    return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"").not_valid_after_utc.timestamp()


def server_until(host: str, port: int, ca_file: Path) -> float:
    """Return when the certificate of a server expires that uses TLS from the first byte. Raises OSError."""
    context = ssl.create_default_context(cafile=ca_file)
    with socket.create_connection((host, port), _LOOK_S) as line, context.wrap_socket(line, server_hostname=host) as shown:
        return shown_until(shown)


def _load_chain(context: ssl.SSLContext, cert_file: Path, key_file: Path) -> None:
    refuse_open(key_file)
    with readable(f"The certificate file {cert_file}"):
        cert_file.open("rb").close()
    try:
        context.load_cert_chain(cert_file, key_file, password=lambda: "")  # never ask the terminal
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Misconfigured(f"The key in {key_file} does not belong to the certificate in {cert_file}.") from None
        raise Misconfigured(f"The certificate {cert_file} or its key {key_file} is not PEM without a passphrase.") from None
    except OSError as error:
        raise Misconfigured(f"The key file {key_file} cannot be read ({error.strerror}).") from None
