"""The command `ngao`: its groups, and the one place where errors become a sentence and an exit code.

A command is loaded only when it is asked for, because loading all of them takes longer than most of them run.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from ngao.chassis.errors import NgaoError
from ngao.cli.output import complain

_PEOPLE, _LOOK_AFTER, _DEPLOY = "People and systems", "Look after it", "Deploy it"
# A module's own commands, which stand at the top.
COMMANDS = {
    "runtime": ("up", "down", "restart", "status", "url", "logs"),
    "check": ("check",),
    "backup": ("backup", "restore"),
    "demo": ("demo",),
    "topology": ("provision", "describe"),
    "develop": ("selftest", "run"),
}
# Groups: where each is (module and name in it), and under which heading it is shown.
GROUPS = {
    "source": ("source", "app", _PEOPLE),
    "partner": ("partner", "app", _PEOPLE),
    "officer": ("officer", "app", _PEOPLE),
    "operator": ("operators", "app", _PEOPLE),
    "approval": ("approvals", "app", _LOOK_AFTER),
    "case": ("cases", "app", _LOOK_AFTER),
    "defender": ("defender", "app", _LOOK_AFTER),
    "message": ("cases", "message", _LOOK_AFTER),
    "quarantine": ("quarantine", "app", _LOOK_AFTER),
    "parked": ("parked", "app", _LOOK_AFTER),
    "outbox": ("parked", "outbox", _LOOK_AFTER),
    "audit": ("audit", "app", _LOOK_AFTER),
    "policy": ("policy", "app", _LOOK_AFTER),
    "keys": ("keys", "app", _LOOK_AFTER),
    "secrets": ("secrets", "app", _DEPLOY),
}


def build(wanted: str | None = None) -> typer.Typer:
    """The command with the one group or module that `wanted` is of, or with all of them when it is of none."""
    known = wanted in GROUPS or any(wanted in names for names in COMMANDS.values())
    app = typer.Typer(
        name="ngao",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        epilog="Start with `ngao up`, then `ngao source add` and `ngao partner add`. On every error the exit code is not 0.",
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
    """Run one command; an error we know is told in one sentence, never with a traceback."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else None)(prog_name="ngao")
    except NgaoError as error:
        complain(str(error))
    except OSError as error:
        complain(f"The system refuses: {error.strerror or type(error).__name__} ({error.filename or 'no file'}).")
    except Exception as error:
        if not type(error).__module__.startswith("pymongo."):
            raise
        complain(f"The database refuses or does not answer ({type(error).__name__}).")
    sys.exit(1)


def _about() -> None:
    """Ngao: takes calls for help in, finds the partner who can help, and follows each until it is done."""


def _load(module: str, attribute: str) -> typer.Typer:
    loaded: typer.Typer = getattr(import_module(f"ngao.cli.{module}"), attribute)
    return loaded
