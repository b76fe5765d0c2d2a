"""Log JSON lines on stdout that can hold nothing about a person, whatever code wrote the line.

Our own lines pass `redaction`. Lines of libraries are reduced to logger, level and place, because kombu, nameko and
PyMongo put message bodies, arguments and exception texts into theirs (research: kombu logs what it cannot decode).
Errors are logged as their types and places in the code, never with message or local variables.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger

from ngao.chassis.observability.redaction import redact

_MOST_FRAMES = 12
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class _Output:
    """Where lines go; one for the process, so that loggers made before `configure` obey it too."""

    def __init__(self) -> None:
        self.stream: TextIO | None = None
        self.level = 20
        self.service: str | None = None

    def write(self, line: str) -> None:
        stream = self.stream or sys.stdout
        stream.write(line + "\n")
        stream.flush()

    debug = info = warning = error = critical = msg = write


_output = _Output()


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger for slugs, ids and counts: `log.info("message.parked", queue=..., attempts=...)`.

    Anything else given to it appears as `[redacted]`. `log.exception("slug")` adds the error's type and place.
    """
    logger = structlog.wrap_logger(
        _output,
        processors=[_drop_quiet, _reduce_error, _shown, structlog.processors.JSONRenderer(separators=(",", ":"))],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )
    return cast(FilteringBoundLogger, logger.bind(logger=name))


def configure(service: str, level: str, stream: TextIO | None = None) -> None:
    """Send all lines of this process, and every uncaught error, through here; call once, at the start."""
    _output.service, _output.level, _output.stream = service, _LEVELS[level], stream
    root = logging.getLogger()
    root.handlers[:] = [_Foreign()]
    root.setLevel(logging.WARNING)
    for name in list(logging.Logger.manager.loggerDict):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda _kind, error, _trace: _log_uncaught(error)
    sys.unraisablehook = lambda unraisable: _log_uncaught(unraisable.exc_value)
    threading.excepthook = lambda failed: _log_uncaught(failed.exc_value)
    # eventlet prints the traceback, message included, of a failing green thread to stderr. Loaded here, because the operator's
    # commands reach this module too, and have no use for it.
    from eventlet import debug as eventlet_debug  # noqa: PLC0415

    eventlet_debug.hub_exceptions(state=False)


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return an error as its type, its slug if it is ours, the types that caused it, and where it came from."""
    causes: list[str] = []
    seen = error.__cause__ or error.__context__
    while seen is not None and len(causes) < 5:
        causes.append(type(seen).__name__)
        seen = seen.__cause__ or seen.__context__
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    places = [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in frames]
    described: dict[str, Any] = {"error_type": type(error).__name__, "error_at": places}
    if isinstance(slug := getattr(error, "slug", None), str):
        described["error_slug"] = slug
    if causes:
        described["cause_types"] = causes
    return described


def _log_uncaught(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, KeyboardInterrupt):
        get_logger("ngao").critical("process.uncaught_error", **describe_error(error))


class _Foreign(logging.Handler):
    """Takes what libraries log and keeps only that they did."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"where": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[1]:
            fields |= describe_error(record.exc_info[1])
        log = get_logger(record.name)
        log.log(record.levelno, "library.reported", **fields)


def _drop_quiet(_logger: Any, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if _LEVELS.get(method, 40) < _output.level:
        raise structlog.DropEvent
    fields["level"] = method
    return fields


def _reduce_error(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        fields.update(describe_error(error))
    return fields


def _shown(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    service = {"service": _output.service} if _output.service else {}
    return {"time": at, **service, **redact(dict(fields))}
