"""Builds the parts that a service shares, once, from its settings, and hands them to its use cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from ngao.chassis.approvals.approvals import Approvals
from ngao.chassis.clock import Clock, SystemClock
from ngao.chassis.measuring import SELDOM_S, measure_service, measure_store
from ngao.chassis.messaging.backlog import Backlog
from ngao.chassis.messaging.broker import demand_usable
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.kept import Kept
from ngao.chassis.messaging.news import News
from ngao.chassis.messaging.outbox import Entry
from ngao.chassis.messaging.parking import Parking
from ngao.chassis.messaging.publisher import Publisher
from ngao.chassis.messaging.rechecks import Rechecks
from ngao.chassis.messaging.relay import Relay
from ngao.chassis.messaging.signatures import Signatures, Signer
from ngao.chassis.observability.gauges import Gauges
from ngao.chassis.observability.health import Health
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security import keyfiles
from ngao.chassis.security.identity import Operators
from ngao.chassis.security.tls import server_identity
from ngao.chassis.settings import Settings
from ngao.chassis.starting import Patience
from ngao.chassis.storage.audit_keys import AuditKeys
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.audit_watch import AuditWatch
from ngao.chassis.storage.audits import Audits
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.key_encryption_keys import Periods
from ngao.chassis.storage.keyring import Keyring
from ngao.chassis.storage.preflight import require_store, with_accepted_password
from ngao.chassis.storage.readings import Readings
from ngao.chassis.storage.restored import note_restores
from ngao.chassis.storage.units import Units
from ngao.contracts import CATALOGUE, Audience
from ngao.kernel.actors import Actor
from ngao.kernel.retention import Retention


@dataclass
class Chassis:
    """One service's parts. `build` opens the store and reads the keys; nothing is published or consumed before `run`."""

    name: str
    settings: Settings
    clock: Clock
    store: Store
    keyring: Keyring
    units: Units
    relay: Relay
    kept: Kept
    parking: Parking
    health: Health
    metrics: Metrics
    operators: Operators
    patience: Patience
    signatures: Signatures
    approvals: Approvals
    audits: Audits
    rechecks: Rechecks
    news: News
    backlog: Backlog
    audit_watch: AuditWatch
    readings: Readings
    gauges: Gauges = field(default_factory=Gauges)
    sweeps: list[Callable[[], None]] = field(default_factory=list)
    """Periodic tasks, which every process of the service runs; several processes may run the same task at the same time."""

    @classmethod
    def build(cls, settings: Settings, clock: Clock | None = None) -> Chassis:
        """Put the parts together; raises Misconfigured for a missing key or secret.

        Nothing outside of this machine is touched, unless the store's password is being changed and it must say which it takes.
        """
        clock = clock or SystemClock()
        patience = Patience(settings.start_within_s)
        name = settings.service
        metrics, health, news = Metrics(), Health(), News()
        operators = Operators(settings.operators_file)
        periods = Periods(lambda: keyfiles.load_keks(settings.keys_directory))
        audit_keys = AuditKeys(lambda: keyfiles.load_audit(settings.keys_directory))
        lookup = keyfiles.load_lookup(settings.keys_directory)
        signer = Signer(settings.keys_directory, settings.public_keys_directory)
        signatures = Signatures(settings.public_keys_directory, clock, settings.accept_unsigned_until)
        server_identity(settings.http.cert_file, settings.http.key_file)
        demand_usable(settings.broker)
        settings = replace(settings, store=patience.until(lambda: with_accepted_password(settings.store)))
        store = Store(settings.store, alias=name)
        keyring = Keyring(periods, lookup, store.durable("data_keys"), name)
        rechecks = Rechecks(store, name, news)
        relay = Relay(store, clock, lambda edge: _publisher(settings, edge=edge), metrics, rechecks)
        trail = AuditTrail(store.database, audit_keys)
        committer = GroupCommitter(
            store, clock.now, partial(_hand_on, relay, metrics), lease=relay.lease, encode=signer.encode,
            audit=trail, timeout=settings.store.timeout_ms / 1000,
        )
        units = Units(clock, keyring, store.lookups, committer)
        rechecks.decide_in(units)
        kept, parking = Kept(store, units, clock), Parking(name, store, units)
        approvals = Approvals(store, units, settings.approvals)
        every = timedelta(seconds=settings.audit.heads_every_s)
        watch = AuditWatch(
            name, store, units, trail, audit_keys, metrics, clock, every, every * settings.audit.heads_late_after,
            ready=lambda: health.report()[0],
        )  # fmt: skip
        readings = Readings(store, units, clock, timedelta(seconds=settings.audit.lists_within_s))
        chassis = cls(
            name, settings, clock, store, keyring, units, relay, kept, parking, health, metrics, operators, patience,
            signatures, approvals, Audits(store, audit_keys, metrics), rechecks, news, Backlog(store, clock), watch,
            readings, sweeps=[approvals.expire, readings.close_windows],
        )  # fmt: skip
        health.register("store", store.problem)
        health.warn("audit", watch.problem)
        health.register("relay", relay.problem)
        health.warn("recipients", chassis.backlog.warning)
        _begin_counts(metrics, name)
        measure_service(chassis.gauges, metrics, health, settings)
        measure_store(chassis.gauges, metrics, store, parking, chassis.backlog)
        return chassis

    def edge_names(self) -> EdgeNames:
        """Return the names of this service's queues at the edge. Raises Misconfigured if the secret is missing."""
        return EdgeNames(keyfiles.load_edge_names(self.settings.keys_directory))

    def open(self, documents: Iterable[type[Stored]]) -> None:
        """Wait, bounded, for the store, then make its collections and indexes; raises Misconfigured, Unavailable."""
        self.patience.until(lambda: require_store(self.settings.store))
        self.patience.until(lambda: self.store.ensure_indexes(documents))
        self.patience.until(lambda: note_restores(self.store, self.units, Actor.service(self.name)))

    def forget_by(self, retention: Retention) -> None:
        """Delete parked messages whose retention period has passed, and measure how many are overdue."""

        def expire_parked() -> None:
            while self.parking.expire(retention.before("parked", "parked", self.clock.now()), retention.version):
                continue

        self.sweeps.append(expire_parked)
        self.gauges.every(SELDOM_S, partial(self._measure_parked, retention))

    def _measure_parked(self, retention: Retention) -> None:
        before = retention.before("parked", "parked", self.clock.now())
        late, since = self.parking.overdue(before)
        self.metrics.overdue("parked", late, (before - since).total_seconds() if since else 0.0)

    def close(self) -> None:
        """Close the connection to the store."""
        self.store.close()


def _hand_on(relay: Relay, metrics: Metrics, entries: list[Entry]) -> None:
    """Publish committed entries. Only events are counted: the routing keys of entries for outsiders begin with the recipient."""
    for entry in entries:
        if entry.to == EVENTS:
            priority, _, said = entry.routing_key.partition(".")
            metrics.said.labels(said, priority).inc()
    relay.hand_over(entries)


def _begin_counts(metrics: Metrics, service: str) -> None:
    """Set the counters to zero: Prometheus sees no increase in a counter that first appears as one."""
    for each in CATALOGUE.values():
        if each.owner == service and Audience.INTERNAL in each.audiences:
            for priority in ("urgent", "routine"):
                metrics.said.labels(each.name, priority)


def _publisher(settings: Settings, *, edge: bool) -> Publisher:
    return Publisher(settings.broker, edge=edge, name=f"{settings.service}.relay{'.edge' if edge else ''}")
