"""Token buckets, one per caller: calls above the rate are first delayed, then refused. Other callers are not affected.

Keys are principals or the address the connection really comes from; forwarding headers are never read, because any
client can write them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import eventlet

from ngao.chassis.clock import Clock
from ngao.chassis.errors import TooManyRequests

_LONGEST_DELAY_S = 2.0
_LONGEST_DEBT_S = 10.0
_MOST_BUCKETS = 10_000


@dataclass
class _Bucket:
    tokens: float
    at: datetime


class Limiter:
    """Allow `rate` calls per second, and bursts of `burst` calls. `sleep` takes seconds and must let other green threads run."""

    def __init__(self, clock: Clock, rate: float, burst: int, sleep: Callable[[float], object] = eventlet.sleep) -> None:
        self._clock, self._rate, self._burst, self._sleep = clock, rate, float(max(1, burst)), sleep
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, rate: float | None = None) -> None:
        """Let one call pass, after up to two seconds if it came too early; raises TooManyRequests beyond that.

        The token is taken before the wait, so that waiting calls proceed one after another.
        """
        pace = rate or self._rate
        bucket = self._refilled(key, pace)
        wait = (1.0 - bucket.tokens) / pace
        if wait > _LONGEST_DELAY_S:
            raise TooManyRequests("Too many requests: slow down.", math.ceil(wait))
        bucket.tokens -= 1.0
        if wait > 0:
            self._sleep(wait)

    def charge(self, key: str, tokens: float, rate: float | None = None) -> None:
        """Charge the cost of a call beyond its own token. The caller's next calls are delayed for it, by at most ten seconds."""
        pace = rate or self._rate
        bucket = self._refilled(key, pace)
        bucket.tokens = max(min(bucket.tokens, -_LONGEST_DEBT_S * pace), bucket.tokens - tokens)

    def draw_ahead(self, key: str, tokens: float, rate: float | None = None) -> None:
        """Charge the cost of a call beyond its own token, before its work. Raises TooManyRequests while an earlier one is unpaid.

        The next call that draws ahead is refused until the full cost is paid; ordinary calls are delayed as for any charge.
        """
        pace = rate or self._rate
        ahead = self._refilled(f"{key}|ahead", pace)
        if ahead.tokens < 0:
            raise TooManyRequests("Earlier batches used up the rate. Send smaller batches.", math.ceil(-ahead.tokens / pace))
        ahead.tokens -= tokens
        self.charge(key, tokens, rate)

    def _refilled(self, key: str, pace: float) -> _Bucket:
        now = self._clock.now()
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        # A machine's clock can be set back; time that ran backwards gives nothing.
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.tokens, bucket.at = min(self._burst, bucket.tokens + passed * pace), now
        return bucket
