"""B1: from POST to 202, alone (with pauses), with one client and with 32, beside the serial floor."""

from __future__ import annotations

from typing import Any

from bench.contenders.floor import Floor
from bench.contenders.runners import OverHttp
from bench.cost import Meter
from bench.load import Post
from bench.numbers import percentile

CLIENTS = 32
ALONE, PAUSE_S = 12, 0.3
"""So many reports alone, each after a pause in which the one before has gone through and every process sleeps again."""
_MOST_A_SECOND = 3000
_UNLIMITED_S = 1e9


def of_floor(floor: Floor, seconds: float) -> dict[str, Any]:
    """Measure F1, which is its own client."""
    alone, took = floor.serial(_UNLIMITED_S, ALONE, PAUSE_S), floor.serial(seconds)
    return {
        "p50_alone": percentile(alone, 0.5), "rate_1": len(took) / sum(took), "p50_1": percentile(took, 0.5),
        "p99_1": percentile(took, 0.99),
    }  # fmt: skip


def of(meter: Meter, contender: OverHttp, seconds: float) -> dict[str, Any]:
    """Measure a contender alone, then with one client in a closed loop, then with 32."""
    alone = contender.accept(1, _UNLIMITED_S, ALONE, PAUSE_S)
    found: dict[str, Any] = {"p50_alone": percentile(_latencies(alone), 0.5), "missing_alone": contender.settle(alone)}
    for clients in (1, CLIENTS):
        posts = contender.accept(clients, seconds, int(seconds * _MOST_A_SECOND))
        took = _latencies(posts)
        span = max(post.answered for post in posts) - min(post.due for post in posts)
        found[f"rate_{clients}"] = len(posts) / span
        found |= {f"p{share}_{clients}": percentile(took, share / 100) for share in (50, 99)}
        found[f"missing_{clients}"] = contender.settle(posts)
        meter.wait_until_quiet(contender)
    return found


def _latencies(posts: list[Post]) -> list[float]:
    return [post.latency for post in posts]
