"""B1: from POST to 202, one client and 32, beside the serial floor."""

from __future__ import annotations

from typing import Any

from bench.contenders.runners import Floor, OverHttp
from bench.numbers import percentile

CLIENTS = 32
_MOST_A_SECOND = 3000


def of_floor(floor: Floor, seconds: float) -> dict[str, Any]:
    """Measure F1, which is its own client."""
    took = floor.serial(seconds)
    return {"rate_1": len(took) / sum(took), "p50_1": percentile(took, 0.5), "p99_1": percentile(took, 0.99)}


def of(contender: OverHttp, seconds: float) -> dict[str, Any]:
    """Measure a contender with one client, then with 32."""
    found: dict[str, Any] = {}
    for clients in (1, CLIENTS):
        posts = contender.accept(clients, seconds, int(seconds * _MOST_A_SECOND))
        took = [post.latency for post in posts]
        span = max(post.answered for post in posts) - min(post.due for post in posts)
        found[f"rate_{clients}"] = len(posts) / span
        found |= {f"p{share}_{clients}": percentile(took, share / 100) for share in (50, 99)}
        found[f"missing_{clients}"] = contender.settle(posts)
    return found
