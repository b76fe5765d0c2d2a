"""Builds the parts that a service shares, once, from its settings, and hands them to its use cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from ngao.chassis.approvals.approvals import Approvals
from ngao.chassis.clock import Clock, SystemClock
from ngao.chassis.measuring import OFTEN_S, SELDOM_S, measure_service, measure_store
from ngao.chassis.messaging.backlog import Backlog
from ngao.chassis.messaging.broker import demand_usable
from ngao.chassis.messaging.destinations import EVENTS, NOTICES
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.news import News
from ngao.chassis.messaging.outbox import Entry
from ngao.chassis.messaging.parking import Parking
from ngao.chassis.messaging.publisher import Publisher
from ngao.chassis.messaging.rechecks import Rechecks
from ngao.chassis.messaging.relay import Relay
from ngao.chassis.messaging.sent_events import SentEvents
from ngao.chassis.messaging.signatures import Signatures, Signer
from ngao.chassis.observability.gauges import Gauges
from ngao.chassis.observability.health import Health
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.rereading import Reread
from ngao.chassis.security import keyfiles
from ngao.chassis.security.identity import Operators
from ngao.chassis.security.roles import read_roles
from ngao.chassis.security.staff_tokens import StaffTokens
from ngao.chassis.security.tls import server_identity
from ngao.chassis.settings import Settings
from ngao.chassis.starting import Patience
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.audit_watch import AuditWatch
from ngao.chassis.storage.backups import BackupWatch
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.journal import Clerk, Journal
from ngao.chassis.storage.keyring import Keyring, ciphers
from ngao.chassis.storage.preflight import require_store, with_accepted_password
from ngao.chassis.storage.readings import Readings
from ngao.chassis.storage.restored import note_restores
from ngao.chassis.storage.units import Units
from ngao.contracts import CATALOGUE, Audience, type_named
from ngao.kernel.actors import Actor
from ngao.kernel.retention import Retention


class Chassis:
    """One service's parts. Making it opens the store and reads the keys; raises Misconfigured for a missing key or secret.

    Nothing outside of this machine is touched, unless the store's password is being changed and it must say which it takes.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.name = name = settings.service
        self.clock = clock = clock or SystemClock()
        self.patience = Patience(settings.start_within_s)
        self.metrics, self.health, self.news, self.gauges = Metrics(), Health(), News(), Gauges()
        roles = read_roles(settings.policy_directories)
        self.operators = Operators(settings.operators_file, roles)
        self.staff = StaffTokens(name, settings.public_keys_directory, roles)
        keks = Reread(lambda: ciphers(keyfiles.load_keks(settings.keys_directory)))
        audit_keys = Reread(lambda: keyfiles.load_audit(settings.keys_directory))
        lookup = keyfiles.load_lookup(settings.keys_directory)
        signer = Signer(settings.keys_directory, settings.public_keys_directory)
        self.signatures = Signatures(settings.public_keys_directory, clock, settings.accept_unsigned_until)
        server_identity(settings.http.cert_file, settings.http.key_file)
        demand_usable(settings.broker)
        self.settings = replace(settings, store=self.patience.until(lambda: with_accepted_password(settings.store)))
        self.store = store = Store(self.settings.store, alias=name)
        self.journal = Journal(store.database, AuditTrail(store.database, audit_keys))
        self.clerk = Clerk(self.journal, settings.audit.chained_within_s)
        self.keyring = Keyring(keks, lookup, store.durable("data_keys"), name, move_carried=self.journal.move_all)
        self.rechecks = Rechecks(store, name, self.news)
        self.relay = Relay(store, clock, lambda edge: _publisher(settings, edge=edge), self.metrics, self.rechecks)
        committer = GroupCommitter(
            store,
            clock.now,
            partial(_hand_on, self.relay, self.metrics),
            lease=self.relay.lease,
            encode=signer.encode,
            journal=self.journal,
            timeout=settings.store.timeout_ms / 1000,
        )
        self.units = units = Units(clock, self.keyring, store.lookups, committer)
        self.rechecks.decide_in(units)
        self.sent_events = SentEvents(store, units, clock)
        self.parking, self.backlog = Parking(name, store, units), Backlog(store, clock)
        self.approvals = Approvals(store, units, settings.approvals)
        every = timedelta(seconds=settings.audit.heads_every_s)
        self.audit_watch = AuditWatch(
            name, store, units, self.journal, self.metrics, clock, every, every * settings.audit.heads_late_after,
            ready=lambda: self.health.report()[0],
        )  # fmt: skip
        self.backups = BackupWatch(name, store, self.metrics, clock)
        self.readings = Readings(store, units, clock, timedelta(seconds=settings.audit.lists_within_s))
        self.sweeps: list[Callable[[], None]] = [self.approvals.expire, self.readings.close_windows]
        """Periodic tasks, which every process of the service runs; several processes may run the same task at the same time."""
        self._observe()

    def _observe(self) -> None:
        """Register what readiness asks and what is measured."""
        self.health.register("store", self.store.problem)
        self.health.warn("audit", self.audit_watch.problem)
        self.health.register("relay", self.relay.problem)
        self.health.warn("recipients", self.backlog.warning)
        self.health.warn("backup", self.backups.problem)
        self.health.tell("backup", self.backups.last)
        _begin_counts(self.metrics, self.name)
        measure_service(self.gauges, self.metrics, self.health, self.settings)
        measure_store(self.gauges, self.metrics, self.store, self.parking, self.backlog)
        self.gauges.every(OFTEN_S, lambda: self.metrics.lines_wait.set(self.journal.oldest_s()))
        self.gauges.every(SELDOM_S, self.backups.look)

    def edge_names(self) -> EdgeNames:
        """Return the names of this service's queues at the edge. Raises Misconfigured if the secret is missing."""
        return EdgeNames(keyfiles.load_edge_names(self.settings.keys_directory))

    def open(self, documents: Iterable[type[Stored]]) -> None:
        """Wait, bounded, for the store, then make its collections and indexes; raises Misconfigured, Unavailable."""
        self.patience.until(lambda: require_store(self.settings.store))
        self.patience.until(lambda: self.store.ensure_indexes(documents))
        self.patience.until(lambda: note_restores(self.store, self.units, Actor.service(self.name)))

    def expire_parked_by(self, retention: Retention) -> None:
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
    """Publish committed entries, and count each event once: where its subscribers are, and not for outsiders."""
    for entry in entries:
        priority, _, said = entry.routing_key.partition(".")
        if entry.to == EVENTS or (entry.to == NOTICES and type_named(said).is_for_notices_alone):
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
