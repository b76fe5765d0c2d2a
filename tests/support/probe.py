"""A small service on the real chassis, which does with an event what the event's `reason` says.

It stands in for any service in the tests of the delivery guarantees: `python -m tests.support.probe SETTINGS.toml`.
"""

from __future__ import annotations

import ngao.run  # patches first  # isort: skip

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

from mongoengine import IntField, StringField

import ngao.broker.exchanges  # declares the destinations
from ngao.chassis.chassis import Chassis
from ngao.chassis.container import Container
from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import Parts, UnitContext, build, on, on_edge
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.pipeline import Rejected
from ngao.chassis.observability.logs import configure
from ngao.chassis.security.identity import Principal
from ngao.chassis.settings import load
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from ngao.contracts.events.notify import MessageFailed, MessageRefused
from ngao.contracts.events.referral import CaseClosed, OfferDeclined


class Effect(Stored):
    """One per handled event; `times` counts the commits that changed it."""

    event = StringField()
    case_ref = StringField()
    order = IntField()
    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "effects", "indexes": ["event"]}


class Behaviour:
    """What the handler does, by the word in the event. Files in `directory` remember over process ends."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def act(self, word: str, event_id: str) -> None:
        verb, _, argument = word.partition(":")
        getattr(self, f"_{verb.replace('-', '_')}")(argument, event_id)

    def _ok(self, _argument: str, _event_id: str) -> None:
        return

    def _raise(self, argument: str, _event_id: str) -> None:
        raise RuntimeError(argument)

    def _invalid(self, _argument: str, _event_id: str) -> None:
        raise InvalidInput("never")

    def _raise_while(self, name: str, _event_id: str) -> None:
        """Fail as long as the named file is there."""
        if (self._directory / name).exists():
            raise RuntimeError("not yet")

    def _invalid_while(self, name: str, _event_id: str) -> None:
        """Refuse it as long as the named file is there."""
        if (self._directory / name).exists():
            raise InvalidInput("not now")

    def _block_while(self, name: str, event_id: str) -> None:
        """Stay inside the handler as long as the named file is there; `inside-<name>` says that it is."""
        (self._directory / f"inside-{name}").write_text(event_id)
        while (self._directory / name).exists():
            time.sleep(0.02)

    def _kill_after_commit(self, name: str, event_id: str) -> None:
        """Die by SIGKILL once, right after the commit of this event."""
        if not (self._directory / f"killed-{name}").exists():
            (self._directory / f"killed-{name}").write_text(event_id)
            (self._directory / "kill-after-commit").write_text(event_id)


@dataclass
class Context(UnitContext):
    """One unit of work, and how its handler behaves."""

    service: ClassVar[str] = "referral"
    behaviour: Behaviour


class ProbeParts(Parts[Context]):
    """What `main` adds the behaviour to."""

    behaviour: Behaviour

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        return Context(unit, principal, self.behaviour)


@on(MessageFailed, MessageRefused, OfferDeclined)
def take(ctx: Context, event: MessageFailed | MessageRefused | OfferDeclined, envelope: Event) -> None:
    """Two event types of another service and one of its own."""
    ctx.behaviour.act(event.reason, envelope.id)
    count = Effect.objects.count()
    ctx.unit.keep("effects", {"_id": envelope.id, "event": envelope.id, "case_ref": envelope.subject, "order": count}, 0)
    ctx.publish(CaseClosed(case_ref=envelope.subject, reason="probe"), subject=envelope.subject, urgent=envelope.urgent)


@on_edge("partner-replies", queue="referral.partner-replies")
def take_reply(ctx: Context, delivery: Delivery) -> None:
    if delivery.body.startswith(b"reject"):
        raise Rejected("not-wanted", [], None)
    effect = {"_id": delivery.fingerprint, "event": delivery.user_id or "nobody", "case_ref": delivery.routing_key}
    ctx.unit.keep("effects", effect, 0)


ReferralService = build("referral", "Does with an event what its reason says.", ProbeParts, (sys.modules[__name__],))


def main(settings_file: str) -> int:
    """Run until SIGTERM."""
    settings = load(Path(settings_file))
    configure(settings.service, settings.log_level)
    directory = Path(settings_file).parent
    chassis = Chassis(settings)
    parts = cast("ProbeParts", ReferralService.open(chassis))
    parts.behaviour = Behaviour(directory)
    _kill_on_order(chassis, directory / "kill-after-commit")
    container = Container(ReferralService, chassis, parts)
    container.start()
    signal.signal(signal.SIGTERM, lambda *_: ngao.run.eventlet.spawn_n(container.stop))
    ngao.run._wait(container)
    return 0


def _kill_on_order(chassis: Chassis, order: Path) -> None:
    """The fault point between commit and acknowledgement: the process ends there, once, without any clean-up."""
    commit = chassis.units.commit

    def commit_then_die(units: list[Unit]) -> Any:
        errors = commit(units)
        if order.exists():
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return errors

    chassis.units.commit = commit_then_die  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
