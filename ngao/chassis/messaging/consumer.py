"""The entrypoint that receives events. Ours, because nameko's acknowledges and loses a message whose handler raised.

A handler registers its effects with the unit it is given and returns; the chassis commits, then acknowledges.
"""

from __future__ import annotations

import threading
from typing import Any

from nameko.extensions import Entrypoint, ProviderCollector, SharedExtension

from ngao.chassis.messaging.consuming import Consumer
from ngao.chassis.messaging.queues import Subscription, subscription_queues
from ngao.contracts import gives_notice


class ConsumerPool(ProviderCollector, SharedExtension):
    """Shares one Consumer for each virtual host among all entrypoints of a service."""

    def start(self) -> None:
        """Attach once, for all entrypoints."""
        if getattr(self, "_consumers", None):
            return
        self._consumers: list[Consumer] = []
        for edge in (False, True):
            subscriptions = [each for provider in self._providers if provider.edge is edge for each in provider.subscriptions()]
            if subscriptions:
                # A connection of its own: what died must not be able to hold what is alive.
                heard = tuple(each.queue for each in subscriptions) if edge else ()
                dead = [Subscription(f"{self.container.chassis.name}.dead", urgent=False, raw=True, dead_of=heard)]
                self._consume(Consumer(self.container, subscriptions, edge=edge))
                self._consume(Consumer(self.container, dead, edge=edge, dead=True))

    def _consume(self, consumer: Consumer) -> None:
        self._consumers.append(consumer)
        self.container.spawn_managed_thread(consumer.run)

    def drain(self) -> None:
        """Stop all loops side by side; every entrypoint asks, the first does it."""
        consumers, self._consumers = getattr(self, "_consumers", []), []
        stopping = [threading.Thread(target=consumer.stop) for consumer in consumers]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()


class Consumes(Entrypoint):
    """nameko's face of one subscription: a type of events, or, with `queue`, an exchange of the edge.

    `outsiders` is the collection of the service's store with the ids of those who publish there: each has a lane to the queue.
    `repeatable` is as declared with the handler.
    """

    pool = ConsumerPool()

    def __init__(
        self, name: str, *, queue: str | None = None, outsiders: str | None = None, repeatable: bool = False, **kwargs: Any
    ) -> None:
        self.hears = name
        self.edge = queue is not None
        self.queue = queue
        self.outsiders = outsiders
        self.repeatable = repeatable
        super().__init__(**kwargs)

    def subscriptions(self) -> list[Subscription]:
        """Return the queues of this entrypoint."""
        if self.queue:
            return [Subscription(self.queue, urgent=False, raw=True, entrypoint=self, outsiders=self.outsiders)]
        service = self.container.chassis.name
        notices = gives_notice(self.hears, service)
        return [
            Subscription(queue, urgent=key.startswith("urgent."), raw=False, entrypoint=self, key=key, notices=notices)
            for queue, key in reversed(subscription_queues(service, self.hears))
        ]

    def setup(self) -> None:
        """Join the pool."""
        if not self.edge:
            self.container.chassis.news.expect()
        self.pool.register_provider(self)

    def stop(self) -> None:
        """Drain with the others, then leave."""
        self.pool.drain()
        self.pool.unregister_provider(self)
