"""Leave out of a search the answers that may say who a person is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ngao.testing.processes import ServiceProcess


@contextmanager
def unrecorded(process: ServiceProcess) -> Iterator[None]:
    """Answers that may say who it is are not among those that are searched."""
    kept, process.answers = process.answers, None
    try:
        yield
    finally:
        process.answers = kept
