"""B2, B3, B11, B12: from the report to its partner's receiving the offer: throughput, latency at a given rate, cost."""

from __future__ import annotations

from typing import Any

from bench.contenders.runners import Driven
from bench.cost import Meter
from bench.numbers import percentile


def at_peak(meter: Meter, contender: Driven, count: int) -> dict[str, Any]:
    """Measure this number of reports, as fast as possible."""
    run, spent = meter.of(contender, lambda: contender.through(count))
    return {"rate": run.throughput, "count": count, "missing": run.missing, "cost": spent}


def at_rate(meter: Meter, contender: Driven, rate: float, seconds: float, seed: int) -> dict[str, Any]:
    """Measure reports at this rate. Percentiles are in seconds. They show a contender that cannot keep up."""
    run, spent = meter.of(contender, lambda: contender.at_rate(rate, seconds, seed))
    took = {f"p{share}": percentile(run.latencies, share / 100) for share in (50, 95, 99)}
    return {"rate": rate, **took, "count": len(run.posts), "missing": run.missing, "cost": spent}
