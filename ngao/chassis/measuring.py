"""Which gauges every service has, where each is read, and how often."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ngao.chassis.messaging.backlog import Backlog
from ngao.chassis.messaging.parking import Parking
from ngao.chassis.observability.gauges import Gauges
from ngao.chassis.observability.health import Health
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.tls import not_after, server_until
from ngao.chassis.settings import Settings
from ngao.chassis.storage.connection import Store

OFTEN_S = 5.0
SELDOM_S = 60.0
RARELY_S = 3600.0


def measure_service(gauges: Gauges, metrics: Metrics, health: Health, settings: Settings) -> None:
    """Add the metrics that need no store; they come first, so that they are exported when the store does not answer, too."""
    gauges.every(OFTEN_S, partial(_readiness, metrics, health))
    for use, file in _certificates(settings).items():
        gauges.every(SELDOM_S, partial(_certificate, metrics, use, file))
    gauges.every(RARELY_S, partial(_store_certificate, metrics, settings))


def measure_store(gauges: Gauges, metrics: Metrics, store: Store, parking: Parking, backlog: Backlog) -> None:
    """Add the metrics of the store's content, and of the store itself."""
    gauges.every(OFTEN_S, partial(_store_members, metrics, store))
    gauges.every(OFTEN_S, lambda: metrics.parked.set(parking.count()))
    gauges.every(OFTEN_S, partial(backlog.measure, metrics))
    gauges.every(SELDOM_S, partial(_store_size, metrics, store))


def _store_members(metrics: Metrics, store: Store) -> None:
    for state, count in store.members().items():
        metrics.store_members.labels(state).set(count)


def _store_size(metrics: Metrics, store: Store) -> None:
    for gauge, size in zip((metrics.store_bytes, metrics.disk_used, metrics.disk_size), store.size(), strict=True):
        gauge.set(size)


def _readiness(metrics: Metrics, health: Health) -> None:
    for name, state in health.report()[1]["checks"].items():
        metrics.checks.labels(name).set(state == "ok")


def _certificates(settings: Settings) -> dict[str, Path]:
    files = {
        "http": settings.http.cert_file,
        "broker-client": settings.broker.cert_file,
        "broker-authority": settings.broker.ca_file,
        "store-authority": settings.store.ca_file,
    }
    return {use: file for use, file in files.items() if file is not None}


def _certificate(metrics: Metrics, use: str, file: Path) -> None:
    metrics.certificates.labels(use).set(not_after(file))


def _store_certificate(metrics: Metrics, settings: Settings) -> None:
    """Export when the certificate of the store expires; of a replica set, the earliest."""
    if settings.store.ca_file is None:
        return
    members = [member.rpartition(":") for member in settings.store.hosts.split(",")]
    shown = [server_until(host, int(port), settings.store.ca_file) for host, _, port in members]
    metrics.certificates.labels("store").set(min(shown))
