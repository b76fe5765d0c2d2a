"""Numbers for Prometheus. Labels are route templates, event types, queues and results; never a person's or a case's."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One process's numbers, in a registry of its own, so that two services in one test do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._http = self._counter("ngao_http_requests", "HTTP requests answered.", "method", "route", "status")
        self._http_seconds = Histogram(
            "ngao_http_seconds", "Time from request to answer.", ("method", "route"), registry=self.registry
        )
        self._consumed = self._counter("ngao_events_consumed", "Messages taken from queues.", "event_type", "result")
        self._retried = self._counter("ngao_event_retries", "Messages sent to a delay tier.", "event_type", "tier")
        self._not_authentic = self._counter("ngao_events_not_authentic", "Events refused as not their owner's.", "check")
        self._relayed = self._counter("ngao_relay_confirmed", "Events the broker has confirmed.", "type")
        self._relay_failed = self._counter("ngao_relay_failed", "Publishes not confirmed, to be tried again.", "reason")
        self._parked = self._gauge("ngao_parked", "Messages that wait for an operator.")
        self._pending = self._gauge("ngao_outbox_pending", "Events committed and not yet confirmed.")
        self._oldest = self._gauge("ngao_outbox_oldest_seconds", "Age of the oldest event that is kept by no recipient alone.")
        self._unreached = self._gauge("ngao_unreached", "Partners or sources whose queue is missing or takes nothing.", "to")
        self._unreached_s = self._gauge("ngao_unreached_seconds", "Age of the oldest event that waits for one of them.", "to")
        self._subscriptions = self._gauge("ngao_subscriptions", "Queues that this process should hear.", "vhost")
        self._attached = self._gauge("ngao_subscriptions_attached", "Queues that this process hears now.", "vhost")
        self._held = self._gauge("ngao_held_seconds", "How long the oldest message in hand could not be settled.", "vhost")
        self._said = self._counter("ngao_events_said", "Events committed, by what they say.", "type", "priority")
        self._overdue = self._gauge("ngao_overdue", "Waits that are over, whose next step was not taken yet.", "what")
        self._overdue_s = self._gauge("ngao_overdue_seconds", "How long the oldest of these is over.", "what")
        self._measured = self._gauge("ngao_measured_timestamp_seconds", "When all gauges were measured last.")
        self._checks = self._gauge("ngao_check_ok", "1 while this check of readiness is passed.", "check")
        self._certificates = self._gauge(
            "ngao_certificate_not_after_timestamp_seconds", "When this certificate runs out.", "certificate"
        )
        self._audit_whole = self._gauge("ngao_audit_whole", "0 when the audit trail was found changed; 1 otherwise.")
        self._audit_whole.set(1)
        self._audit_verified = self._gauge(
            "ngao_audit_verified_timestamp_seconds", "When this process last found the audit trail whole; 0: not yet."
        )
        self._audit_heads_moved = self._gauge(
            "ngao_audit_heads_moved", "Chains of a service's audit that are not what this process or its service knew.", "of"
        )
        self._audit_heads_late = self._gauge(
            "ngao_audit_heads_late_seconds", "By how much the heads of another service's audit are late; 0: they are not.", "of"
        )
        self._members = self._gauge("ngao_store_members", "Members of the replica set as this process sees them.", "state")
        self._store_bytes = self._gauge("ngao_store_bytes", "Bytes of this service's own records and indexes.")
        self._disk_used = self._gauge("ngao_store_disk_used_bytes", "Bytes used on the disk of the store.")
        self._disk_size = self._gauge("ngao_store_disk_size_bytes", "Bytes that this disk has.")
        ProcessCollector(registry=self.registry)

    def http_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request under its route template."""
        self._http.labels(method, route, str(status)).inc()
        self._http_seconds.labels(method, route).observe(seconds)

    def consumed(self, event_type: str, result: str) -> None:
        """Count one message: result is `done`, `repeat`, `retry`, `parked` or `returned`."""
        self._consumed.labels(event_type, result).inc()

    def retried(self, event_type: str, tier: int) -> None:
        """Count one message put aside for `tier` seconds."""
        self._retried.labels(event_type, str(tier)).inc()

    def not_authentic(self, check: str, count: int = 1) -> None:
        """Count events that were refused because `check` does not agree with their owner."""
        self._not_authentic.labels(check).inc(count)

    def relayed(self, type: str, count: int = 1) -> None:  # noqa: A002 - the relay knows it by this name
        """Count events the broker has confirmed."""
        self._relayed.labels(type).inc(count)

    def relay_failed(self, reason: str) -> None:
        """Count a publish that must be tried again; reason is a slug."""
        self._relay_failed.labels(reason).inc()

    def parked(self, count: int) -> None:
        """Set how many messages wait for an operator."""
        self._parked.set(count)

    def outbox(self, pending: int, oldest_s: float) -> None:
        """Set how many events are unconfirmed and the age in seconds of the oldest."""
        self._pending.set(pending)
        self._oldest.set(oldest_s)

    def unreached(self, to: str, recipients: int, oldest_s: float) -> None:
        """Set how many partners or sources take nothing, and the age in seconds of the oldest event that waits for one."""
        self._unreached.labels(to).set(recipients)
        self._unreached_s.labels(to).set(oldest_s)

    def consumer_attached(self, vhost: str, queues: int, expected: int) -> None:
        """Set how many queues of a virtual host are heard, of how many."""
        self._attached.labels(vhost).set(queues)
        self._subscriptions.labels(vhost).set(expected)

    def held(self, vhost: str, seconds: float) -> None:
        """Set for how long the oldest message in hand could be neither handled nor put aside."""
        self._held.labels(vhost).set(seconds)

    def will_say(self, types: Iterable[str]) -> None:
        """Begin these counts at nothing: Prometheus sees no rise in a number that appears as one."""
        for each in types:
            for priority in ("urgent", "routine"):
                self._said.labels(each, priority)

    def said(self, type: str, priority: str) -> None:  # noqa: A002 - its name in the envelope
        """Count one committed event; priority is `urgent` or `routine`."""
        self._said.labels(type, priority).inc()

    def overdue(self, what: str, count: int, oldest_s: float) -> None:
        """Set how many waits of a kind are over, and for how many seconds the oldest is."""
        self._overdue.labels(what).set(count)
        self._overdue_s.labels(what).set(oldest_s)

    def measured(self) -> None:
        """Note that all gauges are as they should be at this moment."""
        self._measured.set(time.time())

    def check(self, name: str, *, passed: bool) -> None:
        """Set whether a check of readiness is passed."""
        self._checks.labels(name).set(int(passed))

    def certificate(self, use: str, not_after: float) -> None:
        """Set when a certificate runs out, in seconds since 1970."""
        self._certificates.labels(use).set(not_after)

    def audit_verified(self, *, whole: bool) -> None:
        """Note what following the audit's chains has shown."""
        self._audit_whole.set(int(whole))
        if whole:
            self._audit_verified.set(time.time())

    def audit_heads_moved(self, of: str, chains: int) -> None:
        """Set how many chains of a service's audit were cut off or written anew."""
        self._audit_heads_moved.labels(of).set(chains)

    def audit_heads_late(self, of: str, seconds: float) -> None:
        """Set by how much the heads of another service's audit are late."""
        self._audit_heads_late.labels(of).set(seconds)

    def store_members(self, members: Mapping[str, int]) -> None:
        """Set how many members of the replica set are in each state."""
        for state, count in members.items():
            self._members.labels(state).set(count)

    def store_size(self, own: int, disk_used: int, disk_size: int) -> None:
        """Set the bytes of our own records, and of the disk they lie on."""
        self._store_bytes.set(own)
        self._disk_used.set(disk_used)
        self._disk_size.set(disk_size)

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A counter of a service's own, e.g. `ngao_intake_reports`; labels must be codes."""
        return self._counter(name, text, *labels)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge of a service's own; labels must be codes."""
        return self._gauge(name, text, *labels)

    def histogram(self, name: str, text: str, *labels: str, buckets: Sequence[float]) -> Histogram:
        """A distribution of a service's own, over these upper bounds; labels must be codes."""
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def render(self) -> bytes:
        """All numbers in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)
