"""Numbers for Prometheus. Labels are route templates, event types, queues and results; never what belongs to one person."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One process's numbers, in a collection of its own, so that two services in one test do not mix.

    Each is Prometheus's own object, used as such: `metrics.consumed.labels(event_type, "done").inc()`.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._serving()
        self._messaging()
        self._auditing()
        self._storing()
        ProcessCollector(registry=self.registry)

    def overdue(self, what: str, count: int, oldest_s: float) -> None:
        """Set how many waits of a kind are over, and for how many seconds the oldest is."""
        self._overdue.labels(what).set(count)
        self._overdue_s.labels(what).set(oldest_s)

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """Return a counter in this collection; labels must be codes."""
        return Counter(name, text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """Return a gauge in this collection; labels must be codes."""
        return Gauge(name, text, labels, registry=self.registry)

    def histogram(self, name: str, text: str, *labels: str, buckets: Sequence[float] = Histogram.DEFAULT_BUCKETS) -> Histogram:
        """Return a distribution in this collection over these upper bounds; labels must be codes."""
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def render(self) -> bytes:
        """Return all numbers in Prometheus' text format."""
        return generate_latest(self.registry)

    def _serving(self) -> None:
        counter, gauge = self.counter, self.gauge
        self.http = counter("ngao_http_requests", "HTTP requests answered.", "method", "route", "status")
        self.http_seconds = self.histogram("ngao_http_seconds", "Time from request to answer.", "method", "route")
        self.checks = gauge("ngao_check_ok", "1 while this check of readiness is passed.", "check")
        self.measured = gauge("ngao_measured_timestamp_seconds", "When all gauges were measured last.")
        self._overdue = gauge("ngao_overdue", "Waits that are over, whose next step was not taken yet.", "what")
        self._overdue_s = gauge("ngao_overdue_seconds", "How long the oldest of these is over.", "what")
        until = "ngao_certificate_not_after_timestamp_seconds"
        self.certificates = gauge(until, "When this certificate expires.", "certificate")

    def _messaging(self) -> None:
        counter, gauge = self.counter, self.gauge
        self.consumed = counter("ngao_events_consumed", "Messages taken from queues.", "event_type", "result")
        self.retried = counter("ngao_event_retries", "Messages sent to a delay tier.", "event_type", "tier")
        self.not_authentic = counter("ngao_events_not_authentic", "Events refused as not their owner's.", "check")
        self.relayed = counter("ngao_relay_confirmed", "Events the broker has confirmed.", "type")
        self.relay_failed = counter("ngao_relay_failed", "Publishes not confirmed, to be tried again.", "reason")
        self.said = counter("ngao_events_said", "Events committed, by what they say.", "type", "priority")
        self.parked = gauge("ngao_parked", "Messages that wait for an operator.")
        self.pending = gauge("ngao_outbox_pending", "Events committed and not yet confirmed.")
        self.oldest = gauge("ngao_outbox_oldest_seconds", "Age of the oldest event that is kept by no recipient alone.")
        self.unreached = gauge("ngao_unreached", "Outsiders whose queue is missing or takes nothing.", "to")
        self.unreached_s = gauge("ngao_unreached_seconds", "Age of the oldest event that waits for one of them.", "to")
        self.subscriptions = gauge("ngao_subscriptions", "Queues that this process should consume.", "vhost")
        self.attached = gauge("ngao_subscriptions_attached", "Queues that this process consumes now.", "vhost")
        self.held = gauge("ngao_held_seconds", "How long the oldest message in hand could not be settled.", "vhost")

    def _auditing(self) -> None:
        self.audit_whole = self.gauge("ngao_audit_whole", "0 when the audit trail was found changed; 1 otherwise.")
        self.audit_whole.set(1)
        waits = "Seconds that the oldest line of the journal has waited to be moved to its place; 0 if none waits."
        self.lines_wait = self.gauge("ngao_journal_oldest_line_seconds", waits)
        found = "When this process last found the audit trail whole; 0: not yet."
        self.audit_verified = self.gauge("ngao_audit_verified_timestamp_seconds", found)
        moved = "Chains of a service's audit that are not what this process or its service knew."
        self.audit_heads_moved = self.gauge("ngao_audit_heads_moved", moved, "of")
        late = "By how much the heads of another service's audit are late; 0: they are not."
        self.audit_heads_late = self.gauge("ngao_audit_heads_late_seconds", late, "of")

    def _storing(self) -> None:
        self.store_members = self.gauge("ngao_store_members", "Members of the replica set as this process sees them.", "state")
        self.store_bytes = self.gauge("ngao_store_bytes", "Bytes of this service's own records and indexes.")
        self.disk_used = self.gauge("ngao_store_disk_used_bytes", "Bytes used on the disk of the store.")
        self.disk_size = self.gauge("ngao_store_disk_size_bytes", "Bytes that this disk has.")
        backed_up = "The moment of the store's last backup; while there is none, since when one is awaited."
        self.backed_up = self.gauge("ngao_backup_timestamp_seconds", backed_up)
