"""Reliable publishing to the platform: confirmed, mandatory, persistent, under our own name."""

from __future__ import annotations

import threading

import pika

from ngao.client.errors import Unreachable
from ngao.client.link import Link, translated, until_deadline
from ngao.contracts import CONTENT_TYPE, Event, encode

TIMEOUT_S = 30.0
_NOT_OUR_NAME = 406
"""The broker's reply if `user-id` is not the account that is logged in."""


class Publisher:
    """Publishes events on a connection of its own, so that a slow broker does not delay our consumer.

    It can be used by several threads.
    """

    def __init__(self, parameters: pika.ConnectionParameters, *, timeout: float = TIMEOUT_S) -> None:
        self._link = Link(parameters, confirms=True)
        self._user = parameters.credentials.username
        self._timeout = timeout
        self._lock = threading.Lock()

    def publish(self, event: Event, *, exchange: str, routing_key: str) -> None:
        """Return when the broker has the event on disk. Retries under the same id until `timeout` (seconds).

        Raises Refused if the account may not publish this, Unreachable if no confirmation came.
        """
        with self._lock:
            until_deadline(self._timeout, lambda: self._once(event, exchange, routing_key))

    def pump(self) -> None:
        """Answer heartbeats. A program that is busy with consuming calls it from time to time."""
        if self._lock.acquire(blocking=False):
            try:
                self._link.pump()
            except Unreachable:
                self._link.close()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._link.close()

    def _once(self, event: Event, exchange: str, routing_key: str) -> None:
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=event.id,
            type=event.type,
            user_id=self._user,
        )
        channel = self._link.channel()
        with translated(_NOT_OUR_NAME):
            channel.basic_publish(exchange, routing_key, encode(event), properties, mandatory=True)
