"""The account file of onboarding: the platform's addresses, our identity there, and our queues.

    {
      "partner_id": "legal-aid",                                                             a source: "source_id"
      "host": "broker.example.org", "port": 5671, "vhost": "ngao.edge", "tls": true, "ca_file": "ca.pem",
      "cert_file": "cert.pem", "key_file": "key.pem",                                        our client certificate
      "username": "partner-legal-aid", "password_file": "broker.secret",                     or "password"
      "queues": {"urgent": "partner.legal-aid...", "routine": "partner.legal-aid..."},       a source: {"results": ...}
      "http": {"url": "https://intake.example.org", "key_file": "http.secret",               sources; or "key"
               "ca_file": "ca.pem"},
      "seal_to": {"key_id": "0f3a...", "public_key": "base64"},                              sources: intake's key
      "signed_by": [{"service": "referral", "key_id": "0f3a...", "public_key": "base64"}],   optional: keys that sign events
      "keys_directory": "."                                                                  partners: their private keys
    }

One `amqp_url` may replace host, port, virtual host, username and password. Without `ca_file`, `tls` trusts the system's
authorities. Relative paths start at the file's own folder. Files with secrets must be readable by their owner only.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika

from ngao.client.errors import BadAccount
from ngao.client.keys import PlatformKeys, Recipient, refuse_open

HEARTBEAT_S = 20
_TIMEOUT_S = 10
_SECRETS = ("password", "key", "amqp_url")


@dataclass(frozen=True)
class HttpAccess:
    """The address of intake's HTTP interface, and its bearer key."""

    url: str
    key: str = field(repr=False)
    ca_file: str | None = None


@dataclass(frozen=True)
class Account:
    """A checked account. `id` is the partner's or the source's. `parameters` are ready to connect with pika.

    `seal_to` is the key that reports over AMQP are sealed to; without it they are not encrypted. `signed_by` are the keys that
    events must be signed with; without them signatures are not checked.
    """

    kind: str
    id: str
    queues: Mapping[str, str]
    keys_directory: Path
    parameters: pika.ConnectionParameters | None = field(repr=False)
    http: HttpAccess | None
    seal_to: Recipient | None = None
    signed_by: PlatformKeys = field(default_factory=lambda: PlatformKeys({}))

    @property
    def broker(self) -> pika.ConnectionParameters:
        """Return how to connect to the broker. Raises BadAccount if the account is for HTTP only."""
        if self.parameters is None:
            raise BadAccount("The account has no broker (content). Ask the coalition for an account with one.")
        return self.parameters

    @property
    def http_access(self) -> HttpAccess:
        """Return how to call the HTTP interface. Raises BadAccount if the account has none."""
        if self.http is None:
            raise BadAccount("The account has no HTTP interface (http).")
        return self.http

    def queue(self, name: str) -> str:
        """Return the name of one of our queues. Raises BadAccount if the account has none."""
        queue = self.queues.get(name)
        if not isinstance(queue, str) or not queue:
            raise BadAccount(f'The account has no queue "{name}" (queues.{name}).')
        return queue


def load(path: Path, kind: str) -> Account:
    """Read and check the account file of a `partner` or a `source`. Raises BadAccount with the remedy."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadAccount(f"Cannot read the account file {path} ({error.strerror}).") from None
    except ValueError:
        raise BadAccount(f"The account file {path} is not JSON.") from None
    if not isinstance(content, dict):
        raise BadAccount(f"The account file {path} must be one JSON object.")
    if any(name in part for part in (content, content.get("http") or {}) for name in _SECRETS):
        refuse_open(path, "account")
    return from_mapping(content, kind, base=path.parent)


def from_mapping(content: Mapping[str, Any], kind: str, *, base: Path) -> Account:
    """Check a parsed account. Relative paths start at `base`."""
    identifier = _needed(content, f"{kind}_id")
    has_broker = "host" in content or "amqp_url" in content
    return Account(
        kind=kind,
        id=identifier,
        queues=dict(content.get("queues") or {}),
        keys_directory=base / content.get("keys_directory", "."),
        parameters=_parameters(content, f"{kind}-{identifier}", base) if has_broker else None,
        http=_http(content["http"], base) if content.get("http") else None,
        seal_to=Recipient.from_mapping(content["seal_to"]) if "seal_to" in content else None,
        signed_by=PlatformKeys.from_list(content.get("signed_by", ())),
    )


def _parameters(content: Mapping[str, Any], username: str, base: Path) -> pika.ConnectionParameters:
    made = _from_url(content) if "amqp_url" in content else _from_parts(content, username, base)
    made.heartbeat = content.get("heartbeat", HEARTBEAT_S)
    made.blocked_connection_timeout = made.socket_timeout = made.stack_timeout = _TIMEOUT_S
    if content.get("ca_file") or content.get("tls"):
        made.ssl_options = pika.SSLOptions(_tls(content, base), made.host)
    return made


def _from_url(content: Mapping[str, Any]) -> pika.ConnectionParameters:
    try:
        return pika.URLParameters(content["amqp_url"])
    except Exception:  # noqa: BLE001  # pika raises several kinds, and their texts quote the password
        raise BadAccount("The account's amqp_url is not an AMQP address.") from None


def _from_parts(content: Mapping[str, Any], username: str, base: Path) -> pika.ConnectionParameters:
    encrypted = bool(content.get("ca_file") or content.get("tls"))
    return pika.ConnectionParameters(
        host=_needed(content, "host"),
        port=content.get("port", 5671 if encrypted else 5672),
        virtual_host=content.get("vhost", "ngao.edge"),
        credentials=pika.PlainCredentials(content.get("username", username), _secret(content, "password", base)),
    )


def _http(http: Mapping[str, Any], base: Path) -> HttpAccess:
    url = _needed(http, "url").rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise BadAccount("The account's http.url must begin with https:// (or http:// for a test).")
    ca_file = http.get("ca_file")
    return HttpAccess(url, _secret(http, "key", base), str(base / ca_file) if ca_file else None)


def _tls(content: Mapping[str, Any], base: Path) -> ssl.SSLContext:
    ca_file = content.get("ca_file")
    try:
        context = ssl.create_default_context(cafile=str(base / ca_file) if ca_file else None)
    except OSError:  # includes ssl's own errors
        raise BadAccount(f"Cannot use the certificate file {ca_file}.") from None
    if "cert_file" in content or "key_file" in content:
        _load_pair(context, base / _needed(content, "cert_file"), base / _needed(content, "key_file"))
    return context


def _load_pair(context: ssl.SSLContext, cert_file: Path, key_file: Path) -> None:
    try:
        context.load_cert_chain(cert_file, key_file, password=lambda: "")  # never ask the terminal
    except OSError:
        raise BadAccount(f"The certificate {cert_file} and its key {key_file} do not work together.") from None
    refuse_open(key_file, "key")


def _needed(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise BadAccount(f'The account has no "{name}".')
    return value


def _secret(content: Mapping[str, Any], name: str, base: Path) -> str:
    """Return the secret itself, or the content of the file that `<name>_file` names."""
    if name in content:
        return _needed(content, name)
    path = base / _needed(content, f"{name}_file")
    try:
        secret = path.read_text("utf-8").strip()
    except OSError as error:
        raise BadAccount(f"Cannot read the secret file {path} ({error.strerror}).") from None
    if not secret:
        raise BadAccount(f"The secret file {path} is empty.")
    refuse_open(path, "secret")
    return secret
