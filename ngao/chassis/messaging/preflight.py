"""Check the broker against its service's needs; every error names the remedy."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed, NotFound
from kombu.connection import Connection

from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.chassis.messaging.broker import CONNECTION_ERRORS, close_quietly, connect
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.settings import BrokerSettings
from ngao.chassis.starting import system_reason

OLDEST = (3, 10)
"""The oldest RabbitMQ whose quorum queues dead-letter at least once."""

_TLS_NEVER = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "TLSV1_ALERT_UNKNOWN_CA", "CERTIFICATE_REQUIRED")


def require_broker(settings: BrokerSettings, *, edge: bool, queues: Sequence[str] = (), names: EdgeNames | None = None) -> str:
    """Return the broker's version, once it accepts this account on a virtual host and all these queues exist there.

    What arguments a queue has is not for a service to see: `ngao provision` and `ngao check` compare them. Raises
    Unavailable when waiting may help, Misconfigured when it cannot.
    """
    name = f"The broker at {settings.host}:{settings.port}"
    connection = _connected(settings, name, edge=edge)
    try:
        version = str(connection.connection.server_properties.get("version", "0.0"))
        require_version(name, version)
        _demand_queues(connection, settings.edge_vhost if edge else settings.vhost, queues, names)
    except CONNECTION_ERRORS as error:
        raise Unavailable(f"{name} does not answer ({_reason(error)}).") from None
    finally:
        close_quietly(connection)
    return version


def require_version(name: str, version: str) -> None:
    """Raise Misconfigured for a broker that is too old."""
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST:
        raise Misconfigured(f"{name} is RabbitMQ {version}; Ngao needs {OLDEST[0]}.{OLDEST[1]} or later.")


def _connected(settings: BrokerSettings, name: str, *, edge: bool) -> Connection:
    vhost = settings.edge_vhost if edge else settings.vhost
    try:
        return connect(settings, edge=edge, name="ngao.start")
    except AccessRefused:
        way_out = "is broker.password_file the one that `ngao provision` has set?"
        raise Misconfigured(f"{name} refuses the name or the password of {settings.username}: {way_out}") from None
    except NotAllowed:
        said = f"{name} has no virtual host {vhost} that is open to {settings.username}"
        raise Unavailable(f"{said}: run `ngao provision`.") from None
    except ssl.SSLError as error:
        raise _tls_trouble(name, error) from None
    except CONNECTION_ERRORS as error:
        raise Unavailable(f"{name} does not answer ({_reason(error)}).") from None


def _tls_trouble(name: str, error: ssl.SSLError) -> Exception:
    reason = error.reason or type(error).__name__
    if reason in _TLS_NEVER:
        way_out = "does it speak TLS, and is broker.ca_file the authority that signed its certificate for this name?"
        return Misconfigured(f"{name} and this side do not agree on TLS ({reason}): {way_out}")
    return Unavailable(f"{name} breaks off the TLS handshake ({reason}).")


def _demand_queues(connection: Connection, vhost: str, queues: Sequence[str], names: EdgeNames | None) -> None:
    channel = connection.channel()
    for queue in queues:
        try:
            channel.queue_declare(names.on_broker(queue) if names else queue, passive=True)
        except NotFound:
            raise Unavailable(f"The queue {vhost}/{queue} is missing: run `ngao provision`.") from None


def _reason(error: Exception) -> str:
    """Return the reason without AMQP's own texts, which may quote names; the system's do not."""
    if isinstance(error, OSError) and error.errno:
        return system_reason(error.errno)
    return f"{type(error).__name__} {error.code}" if isinstance(error, AMQPError) else type(error).__name__
