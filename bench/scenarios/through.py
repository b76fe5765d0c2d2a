"""B2 and B3: from the report to its partner's receiving the offer; throughput, and latency at a given rate."""

from __future__ import annotations

from typing import Any

from bench.contenders.runners import Floor, OverHttp, Run
from bench.numbers import percentile


def throughput(contender: OverHttp | Floor, count: int) -> dict[str, Any]:
    """Run B2: this number of reports, as fast as possible."""
    run = contender.through(count)
    return {"rate": run.throughput, "count": count, "missing": run.missing}


def latency(contender: OverHttp, rate: float, seconds: float, seed: int) -> dict[str, Any]:
    """Run B3, and return percentiles in seconds at this rate. They show a contender that cannot keep up."""
    return {"rate": rate, **percentiles(contender.at_rate(rate, seconds, seed))}


def percentiles(run: Run) -> dict[str, Any]:
    """Return percentiles of the time to the offer, and of the time to the 202."""
    took, answered = run.latencies, [post.latency for post in run.posts]
    offered = {f"p{share}": percentile(took, share / 100) for share in (50, 95, 99)}
    return {**offered, "accepted_p99": percentile(answered, 0.99), "count": len(run.posts), "missing": run.missing}
