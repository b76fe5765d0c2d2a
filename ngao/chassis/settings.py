"""A service's settings: one TOML file, read once, checked whole, frozen.

Secrets are never in the file: it names the files that hold them. An unknown or missing key stops the start with a
sentence that names it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.chassis.approvals.settings import ApprovalSection, ApprovalSettings, approval_settings
from ngao.chassis.audit_settings import AuditSection, AuditSettings
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.sections import Section, sentences

LONGEST_UNSIGNED = timedelta(days=31)
"""For how long events without a signature may be taken at most, after an update from a version that signed none."""

DEFAULT_TIERS_S = (5, 30, 120, 600, 3600)
_PATHS = ("ca_file", "cert_file", "key_file")


@dataclass(frozen=True)
class HttpSettings:
    """Where the service listens. `public_url` is what it calls itself in answers (NGAO_PUBLIC_URL overrules it); sizes in bytes.

    `reuse_port` lets several processes of one service share the port (SO_REUSEPORT); off, so that a mistake is noticed.
    `inside_port` and `operators_port`, where set, are the one place of the numbers, and of what operators do. If `proxied_from`
    names gates, each connection to `port` comes from one of them and begins with PROXY protocol v2.
    With a certificate and its key the service speaks TLS, and nothing else.
    """

    host: str
    port: int
    public_url: str
    max_body_bytes: int
    rate_per_second: float
    burst: int
    reuse_port: bool = False
    inside_port: int | None = None
    operators_port: int | None = None
    proxied_from: tuple[str, ...] = ()
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True)
class BrokerSettings:
    """The broker's address and this service's own account on both virtual hosts; times in seconds.

    With `ca_file` the connection is TLS; the certificate and its key are what the broker knows us by, below the account.
    A service that holds a message for more than `held_too_long_s` is not ready.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    vhost: str
    edge_vhost: str
    heartbeat: int
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    password_file: Path | None = None
    held_too_long_s: float = 60.0

    def current_password(self) -> str:
        """The password as its file says now, so that a changed one needs no restart. Raises Misconfigured."""
        return read_secret(self.password_file) if self.password_file else self.password


@dataclass(frozen=True)
class StoreSettings:
    """The service's own database and account. `hosts` is `host:port[,host:port]`; `auth_source` knows the account of a restore.

    While the password is being changed, the one before stands beside it in `<password_file>.before`: the store knows one of them.
    """

    hosts: str
    replica_set: str
    database: str
    username: str | None
    password: str | None = field(repr=False)
    ca_file: Path | None
    timeout_ms: int
    password_before: str | None = field(default=None, repr=False)
    auth_source: str | None = None


@dataclass(frozen=True)
class Settings:
    """All a service needs to know to start; it waits at most `start_within_s` for broker and store.

    `own` is the service's own section, checked by its bootstrap. What stands in a file of its own (`own_file`) is laid over the
    section: compose mounts what differs from one operator to the next, such as the mail server, beside settings that are the
    same for all.

    Until `accept_unsigned_until` events without a signature are taken, which a version before this one has published
    (NGAO_ACCEPT_UNSIGNED_UNTIL overrules it).
    """

    service: str
    http: HttpSettings
    broker: BrokerSettings
    store: StoreSettings
    keys_directory: Path
    public_keys_directory: Path
    policy_directories: tuple[Path, ...]
    operators_file: Path
    log_level: str
    retry_tiers_s: tuple[int, ...]
    start_within_s: float
    accept_unsigned_until: datetime | None
    own: Mapping[str, Any]
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)


def _pair_needed(data: Mapping[str, Any]) -> None:
    if bool(data["cert_file"]) != bool(data["key_file"]):
        missing = "key_file" if data["cert_file"] else "cert_file"
        raise ValidationError("A certificate and its key are given together", missing)


class _Http(Section):
    host = fields.String(load_default="127.0.0.1")
    port = fields.Integer(required=True, validate=validate.Range(0, 65535))
    public_url = fields.String(load_default=None, allow_none=True)
    max_body_bytes = fields.Integer(load_default=1024 * 1024)
    rate_per_second = fields.Float(load_default=50.0)
    burst = fields.Integer(load_default=100)
    reuse_port = fields.Boolean(load_default=False)
    inside_port = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 65535))
    operators_port = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 65535))
    proxied_from = fields.List(fields.String(validate=validate.Length(1, 253)), load_default=list)
    cert_file = fields.String(load_default=None, allow_none=True)
    key_file = fields.String(load_default=None, allow_none=True)

    @validates_schema
    def _pair(self, data: Mapping[str, Any], **_: Any) -> None:
        _pair_needed(data)
        if data["proxied_from"] and not data["inside_port"]:
            raise ValidationError("Where only a gate is let in, health is asked at a port of its own", "inside_port")


class _Broker(Section):
    host = fields.String(required=True)
    port = fields.Integer(required=True)
    username = fields.String(required=True)
    password_file = fields.String(required=True)
    vhost = fields.String(load_default="ngao")
    edge_vhost = fields.String(load_default="ngao.edge")
    heartbeat = fields.Integer(load_default=20)
    held_too_long_s = fields.Float(load_default=BrokerSettings.held_too_long_s, validate=validate.Range(0.1, 3600))
    ca_file = fields.String(load_default=None, allow_none=True)
    cert_file = fields.String(load_default=None, allow_none=True)
    key_file = fields.String(load_default=None, allow_none=True)

    @validates_schema
    def _pair(self, data: Mapping[str, Any], **_: Any) -> None:
        _pair_needed(data)
        if data["cert_file"] and not data["ca_file"]:
            raise ValidationError("A certificate is shown only to a broker that is verified", "ca_file")


class _Store(Section):
    hosts = fields.String(required=True)
    replica_set = fields.String(load_default="rs0")
    database = fields.String(required=True)
    username = fields.String(load_default=None, allow_none=True)
    password_file = fields.String(load_default=None, allow_none=True)
    ca_file = fields.String(load_default=None, allow_none=True)
    timeout_ms = fields.Integer(load_default=5000)


class _Keys(Section):
    directory = fields.String(required=True)
    public_directory = fields.String(required=True)


class _Policy(Section):
    directories = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


class _Operators(Section):
    file = fields.String(required=True)


class _Logging(Section):
    level = fields.String(load_default="info", validate=validate.OneOf(("debug", "info", "warning", "error")))


class _Retry(Section):
    tiers_s = fields.List(fields.Integer(), load_default=list(DEFAULT_TIERS_S), validate=validate.Length(min=1))


class _Events(Section):
    accept_unsigned_until = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)

    @validates_schema
    def _bounded(self, data: Mapping[str, Any], **_: Any) -> None:
        until = data["accept_unsigned_until"]
        if until is not None and until - datetime.now(UTC) > LONGEST_UNSIGNED:
            raise ValidationError(f"At most {LONGEST_UNSIGNED.days} days from now", "accept_unsigned_until")


class _Start(Section):
    within_s = fields.Float(load_default=60.0, validate=validate.Range(0, 600))


class _File(Section):
    service = fields.String(required=True, validate=validate.OneOf(("intake", "referral", "notify", "registry")))
    http = fields.Nested(_Http, required=True)
    broker = fields.Nested(_Broker, required=True)
    store = fields.Nested(_Store, required=True)
    keys = fields.Nested(_Keys, required=True)
    policy = fields.Nested(_Policy, required=True)
    operators = fields.Nested(_Operators, required=True)
    approvals = fields.Nested(ApprovalSection, load_default=lambda: ApprovalSection().load({}))
    logging = fields.Nested(_Logging, load_default=lambda: _Logging().load({}))
    retry = fields.Nested(_Retry, load_default=lambda: _Retry().load({}))
    events = fields.Nested(_Events, load_default=lambda: _Events().load({}))
    start = fields.Nested(_Start, load_default=lambda: _Start().load({}))
    audit = fields.Nested(AuditSection, load_default=lambda: AuditSection().load({}))
    own = fields.Dict(load_default=dict)
    own_file = fields.String(load_default=None, allow_none=True)


def load(path: Path) -> Settings:
    """Read and check a settings file; relative paths in it are taken from its own folder. Raises Misconfigured."""
    base, raw = path.parent, _toml(path)
    if until := os.environ.get("NGAO_ACCEPT_UNSIGNED_UNTIL"):
        raw["events"] = {**raw.get("events", {}), "accept_unsigned_until": until}
    try:
        data = _File().load(raw)
    except ValidationError as error:
        raise Misconfigured(f"The settings file {path} has errors: {'; '.join(sentences(error.messages))}.") from None
    http, broker, store = dict(data["http"]), dict(data["broker"]), dict(data["store"])
    for section in (http, broker, store):
        section |= {name: base / value for name, value in section.items() if name in _PATHS and value}
    if broker["username"] != (known := service_account(data["service"])):
        raise Misconfigured(f"The settings file {path}: broker.username must be {known}, by which others know this service.")
    own_url = f"http{'s' * bool(http['cert_file'])}://{http['host']}:{http['port']}"
    http["public_url"] = os.environ.get("NGAO_PUBLIC_URL") or http["public_url"] or own_url
    broker["password_file"] = base / broker["password_file"]
    broker["password"] = read_secret(broker["password_file"])
    password_file = store.pop("password_file")
    store["password"] = read_secret(base / password_file) if password_file else None
    before = base / f"{password_file}.before"
    store["password_before"] = read_secret(before) if password_file and before.exists() else None
    return Settings(
        service=data["service"],
        http=HttpSettings(**http | {"proxied_from": tuple(http["proxied_from"])}),
        broker=BrokerSettings(**broker),
        store=StoreSettings(**store),
        keys_directory=base / data["keys"]["directory"],
        public_keys_directory=base / data["keys"]["public_directory"],
        policy_directories=tuple(base / each for each in data["policy"]["directories"]),
        operators_file=base / data["operators"]["file"],
        log_level=data["logging"]["level"],
        retry_tiers_s=tuple(data["retry"]["tiers_s"]),
        start_within_s=data["start"]["within_s"],
        accept_unsigned_until=data["events"]["accept_unsigned_until"],
        approvals=approval_settings(data["approvals"]),
        audit=AuditSettings(**data["audit"]),
        own=data["own"] | (_toml(base / data["own_file"]) if data["own_file"] else {}),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Misconfigured(f"The settings file {path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The settings file {path} is not TOML: {error}.") from None


def read_secret(path: Path) -> str:
    """Read a one-line secret from its file; raises Misconfigured without ever showing it."""
    try:
        secret = path.read_text("utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"The secret file {path} cannot be read ({error.strerror}).") from None
    if not secret:
        raise Misconfigured(f"The secret file {path} is empty.")
    return secret
