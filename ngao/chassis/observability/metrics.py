"""Numbers for Prometheus. Labels are route templates, event types, queues and results; never a person's or a case's."""

from __future__ import annotations

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
        self._relayed = self._counter("ngao_relay_confirmed", "Events the broker has confirmed.", "type")
        self._relay_failed = self._counter("ngao_relay_failed", "Publishes not confirmed, to be tried again.", "reason")
        self._parked = self._gauge("ngao_parked", "Messages that wait for an operator.")
        self._pending = self._gauge("ngao_outbox_pending", "Events committed and not yet confirmed.")
        self._oldest = self._gauge("ngao_outbox_oldest_seconds", "Age of the oldest unconfirmed event.")
        self._connected = self._gauge("ngao_consumer_connected", "1 while the consumer is connected.", "vhost")
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

    def consumer_connected(self, vhost: str, connected: bool) -> None:  # noqa: FBT001
        """Set whether the consumer of a virtual host is connected."""
        self._connected.labels(vhost).set(int(connected))

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A counter of a service's own, e.g. `ngao_intake_reports`; labels must be codes."""
        return self._counter(name, text, *labels)

    def render(self) -> bytes:
        """All numbers in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)
