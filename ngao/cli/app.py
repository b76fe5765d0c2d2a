"""The command `ngao`: its groups, and the one place that turns errors into a message and an exit code.

Each command is loaded on demand, because loading all of them takes longer than most of them run.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module

import typer

from ngao.chassis.errors import NgaoError
from ngao.cli.output import print_error

_PEOPLE, _OPERATIONS, _DEPLOYMENT = "People and systems", "Operations", "Deployment"
# The commands of each module that belong to no group.
COMMANDS = {
    "runtime": ("up", "down", "restart", "status", "url", "logs"),
    "check": ("check",),
    "backup": ("backup", "restore"),
    "demo": ("demo", "demo-code"),
    "topology": ("provision", "describe"),
    "develop": ("test", "selftest", "run"),
}
# Each group: its module, the name in that module, and the heading that lists it.
GROUPS = {
    "source": ("source", "app", _PEOPLE),
    "partner": ("partner", "app", _PEOPLE),
    "officer": ("officer", "app", _PEOPLE),
    "operator": ("operators", "app", _PEOPLE),
    "staff": ("staff", "app", _PEOPLE),
    "approval": ("approvals", "app", _OPERATIONS),
    "case": ("case_notes", "app", _OPERATIONS),
    "defender": ("defender", "app", _OPERATIONS),
    "checkin": ("checkins", "app", _OPERATIONS),
    "members": ("members", "app", _OPERATIONS),
    "message": ("cases", "message", _OPERATIONS),
    "quarantine": ("quarantine", "app", _OPERATIONS),
    "parked": ("parked", "app", _OPERATIONS),
    "outbox": ("parked", "outbox", _OPERATIONS),
    "audit": ("audit", "app", _OPERATIONS),
    "events": ("topology", "events", _OPERATIONS),
    "policy": ("policy", "app", _OPERATIONS),
    "keys": ("keys", "app", _OPERATIONS),
    "secrets": ("secrets", "app", _DEPLOYMENT),
}


def build(wanted: str | None = None) -> typer.Typer:
    """Build the command with only the group or module of `wanted`, or with all of them if `wanted` is unknown."""
    known = wanted in GROUPS or any(wanted in names for names in COMMANDS.values())
    app = typer.Typer(
        name="ngao",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        epilog="Start with `ngao up`, then `ngao source add` and `ngao partner add`. The exit code is 0 only on success.",
    )
    app.callback()(_about)
    for module, names in COMMANDS.items():
        if not known or wanted in names:
            app.add_typer(_load(module, "app"))
    for name, (module, attribute, panel) in GROUPS.items():
        if not known or wanted == name:
            app.add_typer(_load(module, attribute), name=name, rich_help_panel=panel)
    return app


def main() -> None:
    """Run one command. A known error is printed as one message, never as a traceback."""
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")  # it announces its own end on import, to developers
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else None)(prog_name="ngao")
    except NgaoError as error:
        print_error(str(error))
    except OSError as error:
        print_error(f"The operating system refused: {error.strerror or type(error).__name__} ({error.filename or 'no file'}).")
    except Exception as error:
        if not type(error).__module__.startswith("pymongo."):
            raise
        print_error(f"The database refused the request or does not answer ({type(error).__name__}). Run `ngao check`.")
    sys.exit(1)


def _about() -> None:
    """Ngao: receive reports, find a partner who can help, and follow each case until it is closed."""


def _load(module: str, attribute: str) -> typer.Typer:
    loaded: typer.Typer = getattr(import_module(f"ngao.cli.{module}"), attribute)
    return loaded
