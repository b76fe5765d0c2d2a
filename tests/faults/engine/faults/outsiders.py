"""A partner that is dead, slow, or floods; replies that come again and again; and a burst that piles up."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.engine.facts import Limits
from tests.faults.engine.rounds import Fault, Inject
from tests.faults.engine.site import Site


@contextmanager
def dead(site: Site, lot: random.Random) -> Iterator[None]:
    """One partner's process is killed and comes back later; what is offered to it meanwhile waits or goes on to others."""
    partner = lot.choice(site.partners)
    if partner.process is not None:
        partner.process.send_signal(signal.SIGKILL)
        partner.process.wait()
        partner.process = None
    yield


def behaving(**control: object) -> Inject:
    """One partner does as `control` says (see `partner`)."""

    @contextmanager
    def inject(site: Site, lot: random.Random) -> Iterator[None]:
        site.control(lot.choice(site.partners), **control)
        yield

    return inject


@contextmanager
def piled_up(site: Site, _lot: random.Random) -> Iterator[None]:
    """Referral stands still while a burst comes in."""
    site.services["referral"].signal(signal.SIGSTOP)
    yield
    site.services["referral"].signal(signal.SIGCONT)


FAULTS = [
    Fault("partner-dead", "a partner's process is killed, and started again later", dead),
    Fault("partner-slow", "a partner takes a second and a half for each message", behaving(delay=1.5), lasts=5),
    Fault("partner-floods", "a partner says hundreds of things nobody asked for with each answer", behaving(flood=200), lasts=4,
          limits=Limits(parked_as=("referral.partner-replies", "not-found"))),
    Fault("partner-repeats", "a partner says each answer twenty times", behaving(times=20), lasts=5),
    Fault("piled-up", "a burst piles up behind a service that stands still: urgent ones first", piled_up, lasts=5, burst=150,
          rate=10, limits=Limits(urgent_behind=100)),
]  # fmt: skip
