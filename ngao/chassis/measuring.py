"""Which gauges every service has, where each is read, and how often."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ngao.chassis.observability.health import Health
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.tls import not_after, server_until
from ngao.chassis.settings import Settings

if TYPE_CHECKING:
    from ngao.chassis.chassis import Chassis

OFTEN_S = 5.0
SELDOM_S = 60.0
RARELY_S = 3600.0


def measure_chassis(chassis: Chassis) -> None:
    """Add the gauges of the chassis to those of the service. Readiness comes first: it needs no store to be told."""
    metrics, store, every = chassis.metrics, chassis.store, chassis.gauges.every
    every(OFTEN_S, partial(_readiness, metrics, chassis.health))
    every(OFTEN_S, lambda: metrics.store_members(store.members()))
    for use, file in _certificates(chassis.settings).items():
        every(SELDOM_S, partial(_certificate, metrics, use, file))
    every(RARELY_S, partial(_store_certificate, metrics, chassis.settings))
    every(OFTEN_S, lambda: metrics.parked(chassis.parking.count()))
    every(OFTEN_S, lambda: metrics.outbox(*chassis.relay.backlog()))
    every(SELDOM_S, lambda: metrics.store_size(*store.size()))


def _readiness(metrics: Metrics, health: Health) -> None:
    for name, told in health.report()[1]["checks"].items():
        metrics.check(name, passed=told == "ok")


def _certificates(settings: Settings) -> dict[str, Path]:
    """What each certificate file is to this service."""
    files = {
        "http": settings.http.cert_file,
        "broker-client": settings.broker.cert_file,
        "broker-authority": settings.broker.ca_file,
        "store-authority": settings.store.ca_file,
    }
    return {use: file for use, file in files.items() if file is not None}


def _certificate(metrics: Metrics, use: str, file: Path) -> None:
    metrics.certificate(use, not_after(file))


def _store_certificate(metrics: Metrics, settings: Settings) -> None:
    """Of a replica set, the one that runs out first."""
    if settings.store.ca_file is None:
        return
    members = [member.rpartition(":") for member in settings.store.hosts.split(",")]
    shown = [server_until(host, int(port), settings.store.ca_file) for host, _, port in members]
    metrics.certificate("store", min(shown))
