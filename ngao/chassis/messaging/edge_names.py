"""How the platform's own queues are called on the outsiders' virtual host.

RabbitMQ answers a passive declare of any queue with the numbers of its messages and consumers, and asks for no permission. So the
names there end in a secret of this home: an outsider cannot ask about what it cannot name. Routing keys, records, logs and
metrics keep the plain names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from amqp.exceptions import NotFound

from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.queues import lane_owner

SECRET = re.compile(r"[A-Za-z0-9_-]{32,100}")


@dataclass(frozen=True)
class EdgeNames:
    """Puts a home's secret behind a queue's plain name, and takes it off again. Raises Misconfigured for a short one."""

    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not SECRET.fullmatch(self.secret):
            raise Misconfigured("The secret of the queues' names at the edge has 32 to 100 letters, digits, - or _.")

    def on_broker(self, queue: str) -> str:
        """Return the name that the broker knows a queue by."""
        return f"{queue}.{self.secret}"

    def plain(self, text: str) -> str:
        """Return a name, or a sentence with names in it, without the secret."""
        return text.replace(f".{self.secret}", "")

    def queue_of(self, name: str, shared: Iterable[str]) -> str:
        """Return the plain name of the queue, also for a lane of a `shared` one: they have the same reader and return route."""
        plain = self.plain(name)
        return next((queue for queue in shared if lane_owner(queue, plain)), plain)


def consumed_as(queue: str, names: EdgeNames | None, connection: Any) -> list[str]:
    """Return a queue's name on the broker: at the edge also its plain name, while a queue of an earlier version is there."""
    if names is None:
        return [queue]
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except NotFound:
        return [names.on_broker(queue)]
    finally:
        channel.close()  # after an error, too: the client opens it again by itself
    return [names.on_broker(queue), queue]
