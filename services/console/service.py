"""Console's service, built from what its features declare. Its web pages are a part of the process: see `context`."""

from __future__ import annotations

from ngao.chassis.handlers import build
from services.console import accounts, kept, sessions, system
from services.console.context import ConsoleParts

ConsoleService = build(
    "console",
    "Web pages and accounts for staff, and whether the other services are ready.",
    ConsoleParts,
    (system, accounts, sessions, kept),
)
