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
from typing import Annotated, Any

from marshmallow import ValidationError
from marshmallow.validate import Length, OneOf, Range

from ngao.chassis.errors import Misconfigured, readable
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.sections import HIDDEN, REQUIRED, Absent, At, section_of, sentences
from ngao.contracts import SERVICES

LONGEST_UNSIGNED = timedelta(days=31)
"""For how long events without a signature may be taken at most, after an update from a version that signed none."""

DEFAULT_TIERS_S = (5, 30, 120, 600, 3600)
MODES = ("two", "single")


def _not_long(until: datetime | None) -> None:
    if until is not None and until - datetime.now(UTC) > LONGEST_UNSIGNED:
        raise ValidationError(f"At most {LONGEST_UNSIGNED.days} days from now")


@dataclass(frozen=True)
class HttpSettings:
    """Where the service listens. `public_url` is what it calls itself in answers (NGAO_PUBLIC_URL overrules it); sizes in bytes.

    `reuse_port` lets several processes of one service share the port (SO_REUSEPORT); off, so that a mistake is noticed.
    `inside_port` and `operators_port`, where set, are the one place of the numbers, and of what operators do. If `proxied_from`
    names gates, each connection to `port` comes from one of them and begins with PROXY protocol v2.
    With a certificate and its key the service speaks TLS, and nothing else.
    """

    host: Annotated[str, Absent("127.0.0.1")]
    port: Annotated[int, Range(0, 65535)]
    public_url: Annotated[str, Absent("")]
    max_body_bytes: Annotated[int, Absent(1024 * 1024)]
    rate_per_second: Annotated[float, Absent(50.0)]
    burst: Annotated[int, Absent(100)]
    reuse_port: bool = False
    inside_port: Annotated[int | None, Range(1, 65535)] = None
    operators_port: Annotated[int | None, Range(1, 65535)] = None
    proxied_from: tuple[Annotated[str, Length(1, 253)], ...] = ()
    cert_file: Path | None = None
    key_file: Path | None = None

    @staticmethod
    def check_together(data: Mapping[str, Any]) -> None:
        """Raise ValidationError for keys that do not go together."""
        _demand_pair(data)
        if data["proxied_from"] and not data["inside_port"]:
            raise ValidationError("Where only a gate is let in, health is asked at a port of its own", "inside_port")


@dataclass(frozen=True)
class BrokerSettings:
    """The broker's address and this service's own account on both virtual hosts; times in seconds.

    With `ca_file` the connection is TLS; the certificate and its key are what the broker knows us by, below the account.
    A service that holds a message for more than `held_too_long_s` is not ready.
    """

    host: str
    port: int
    username: str
    password: Annotated[str, HIDDEN] = field(repr=False)
    vhost: Annotated[str, Absent("ngao")]
    edge_vhost: Annotated[str, Absent("ngao.edge")]
    heartbeat: Annotated[int, Absent(20)]
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    password_file: Annotated[Path | None, REQUIRED] = None
    held_too_long_s: Annotated[float, Range(0.1, 3600)] = 60.0

    @staticmethod
    def check_together(data: Mapping[str, Any]) -> None:
        """Raise ValidationError for keys that do not go together."""
        _demand_pair(data)
        if data["cert_file"] and not data["ca_file"]:
            raise ValidationError("A certificate is shown only to a broker that is verified", "ca_file")

    def current_password(self) -> str:
        """Return the password as its file says now, so that a changed one needs no restart. Raises Misconfigured."""
        return read_secret(self.password_file) if self.password_file else self.password


@dataclass(frozen=True)
class StoreSettings:
    """The service's own database and account. `hosts` is `host:port[,host:port]`; `auth_source` knows the account of a restore.

    While the password is being changed, the old one is beside it in `<password_file>.before`: the store knows one of them.
    """

    hosts: str
    replica_set: Annotated[str, Absent("rs0")]
    database: str
    username: Annotated[str | None, Absent(None)]
    password: Annotated[str | None, HIDDEN] = field(repr=False)
    ca_file: Annotated[Path | None, Absent(None)]
    timeout_ms: Annotated[int, Absent(5000)]
    password_before: Annotated[str | None, HIDDEN] = field(default=None, repr=False)
    auth_source: Annotated[str | None, HIDDEN] = None
    password_file: Path | None = None


@dataclass(frozen=True)
class ApprovalSettings:
    """Whether acts of two wait for a second operator (`two`) or are done immediately (`single`), and for how long they wait.

    NGAO_APPROVALS overrules `mode`.
    """

    mode: Annotated[str, OneOf(MODES)] = "two"
    within_s: Annotated[float, Range(60, 30 * 86_400)] = 86_400.0


@dataclass(frozen=True)
class AuditSettings:
    """The intervals at which a service checks its audit trail and publishes the heads of its chains, in seconds.

    `heads_late_after` is how many of these intervals another service may publish nothing before it is an alarm.
    `lists_within_s` is how long an operator's readings of one list are counted into one entry; 0 writes an entry for each.
    `chained_within_s` is how long acts on record wait, so that many are appended to their chains together.
    """

    look_every_s: Annotated[float, Range(0.1, 3600)] = 60.0
    heads_every_s: Annotated[float, Range(0.1, 86_400)] = 3600.0
    heads_late_after: Annotated[int, Range(2, 100)] = 3
    lists_within_s: Annotated[float, Range(0, 3600)] = 300.0
    chained_within_s: Annotated[float, Range(0, 10)] = 1.0


@dataclass(frozen=True)
class Settings:
    """All a service needs to know to start; it waits at most `start_within_s` for broker and store.

    `own` is the service's own section, checked by its parts. The content of a file of its own (`own_file`) is laid over the
    section: compose mounts what differs from one operator to the next, such as the mail server, beside settings that are the
    same for all.

    Until `accept_unsigned_until` events without a signature are taken, which a version before this one has published
    (NGAO_ACCEPT_UNSIGNED_UNTIL overrules it).
    """

    service: Annotated[str, OneOf(SERVICES)]
    http: HttpSettings
    broker: BrokerSettings
    store: StoreSettings
    keys_directory: Annotated[Path, At("keys.directory")]
    public_keys_directory: Annotated[Path, At("keys.public_directory")]
    policy_directories: Annotated[tuple[Path, ...], At("policy.directories"), Length(min=1)]
    operators_file: Annotated[Path, At("operators.file")]
    log_level: Annotated[str, At("logging.level"), Absent("info"), OneOf(("debug", "info", "warning", "error"))]
    retry_tiers_s: Annotated[tuple[int, ...], At("retry.tiers_s"), Absent(DEFAULT_TIERS_S), Length(min=1)]
    start_within_s: Annotated[float, At("start.within_s"), Absent(60.0), Range(0, 600)]
    accept_unsigned_until: Annotated[datetime | None, At("events.accept_unsigned_until"), Absent(None), _not_long]
    own: Annotated[Mapping[str, Any], Absent({})]
    own_file: Path | None = None
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)


def _demand_pair(data: Mapping[str, Any]) -> None:
    if bool(data["cert_file"]) != bool(data["key_file"]):
        missing = "key_file" if data["cert_file"] else "cert_file"
        raise ValidationError("A certificate and its key are given together", missing)


def load(path: Path) -> Settings:
    """Read and check a settings file; relative paths in it are taken from its own folder. Raises Misconfigured."""
    raw = _toml(path)
    if until := os.environ.get("NGAO_ACCEPT_UNSIGNED_UNTIL"):
        raw["events"] = {**raw.get("events", {}), "accept_unsigned_until": until}
    try:
        found: dict[str, Any] = section_of(Settings, path.parent)().load(raw)
    except ValidationError as error:
        raise Misconfigured(f"The settings file {path} has errors: {'; '.join(sentences(error.messages))}.") from None
    http, broker, store = found["http"], found["broker"], found["store"]
    if broker["username"] != (known := service_account(found["service"])):
        raise Misconfigured(f"The settings file {path}: broker.username must be {known}, by which others know this service.")
    mode = os.environ.get("NGAO_APPROVALS") or found["approvals"]["mode"]
    if mode not in MODES:
        raise Misconfigured(f"NGAO_APPROVALS must be one of: {', '.join(MODES)}.")
    own_url = f"http{'s' * bool(http['cert_file'])}://{http['host']}:{http['port']}"
    http["public_url"] = os.environ.get("NGAO_PUBLIC_URL") or http["public_url"] or own_url
    parts = {
        "http": HttpSettings(**http),
        "broker": BrokerSettings(**broker, password=read_secret(broker["password_file"])),
        "store": StoreSettings(**store, **_store_passwords(store["password_file"])),
        "approvals": ApprovalSettings(**found["approvals"] | {"mode": mode}),
        "audit": AuditSettings(**found["audit"]),
        "own": found["own"] | (_toml(found["own_file"]) if found["own_file"] else {}),
    }
    return Settings(**found | parts)


def _store_passwords(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {"password": None}
    before = file.with_name(f"{file.name}.before")
    return {"password": read_secret(file), "password_before": read_secret(before) if before.exists() else None}


def _toml(path: Path) -> dict[str, Any]:
    try:
        with readable(f"The settings file {path}"):
            return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The settings file {path} is not TOML: {error}.") from None


def read_secret(path: Path) -> str:
    """Read a one-line secret from its file; raises Misconfigured without ever showing it."""
    with readable(f"The secret file {path}"):
        secret = path.read_text("utf-8").strip()
    if not secret:
        raise Misconfigured(f"The secret file {path} is empty.")
    return secret
