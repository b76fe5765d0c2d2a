"""The health of a service, and its description. These answer without a worker, so that they do while all are busy."""

from __future__ import annotations

from functools import cache
from typing import Any

from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.call import Response
from ngao.chassis.http.openapi import describe
from ngao.chassis.observability import metrics


@http.get("/healthz", roles="anyone", inline=True)
def healthz(parts: Parts[Any]) -> Response:
    """Check that the process is alive.

    Restart it when this is not 200.
    """
    live = parts.chassis.health.live()
    return Response(200 if live else 503, {"status": "ok" if live else "stuck"})


@http.get("/readyz", roles="anyone", inline=True)
def readyz(parts: Parts[Any]) -> Response:
    """Check that the service can work, and name what is missing.

    Send work only while this is 200.
    """
    ready, report = parts.chassis.health.report()
    return Response(200 if ready else 503, report)


@http.get("/metrics", roles="anyone", operation="metrics", inline=True, inside=True)
def metrics_page(parts: Parts[Any]) -> Response:
    """Return the metrics for Prometheus."""
    return Response(200, parts.chassis.metrics.render(), content_type=metrics.CONTENT_TYPE)


@http.get("/openapi.json", roles="anyone", summary="Return this document.", inline=True)
def openapi(parts: Parts[Any]) -> dict[str, Any]:
    """Return the service's HTTP interface, made from its declarations."""
    return _described(parts)


@cache
def _described(parts: Parts[Any]) -> dict[str, Any]:
    return describe(parts.chassis.name, parts.endpoints)
