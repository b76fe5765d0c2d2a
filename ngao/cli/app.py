"""The command `ngao`: its groups, and the one place where errors become a sentence and an exit code."""

from __future__ import annotations

import sys

import typer
from pymongo.errors import PyMongoError

from ngao.chassis.errors import NgaoError
from ngao.cli import audit, cases, demo, develop, keys, officer, parked, partner, policy, runtime, source, topology
from ngao.cli.output import complain

app = typer.Typer(
    name="ngao",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Ngao: takes calls for help in, finds the partner who can help, and follows each until it is done.",
    epilog="Start with `ngao up`, then `ngao source add` and `ngao partner add`. On every error the exit code is not 0.",
)
for group in (runtime.app, demo.app, topology.app, develop.app):
    app.add_typer(group)
app.add_typer(source.app, name="source", rich_help_panel="People and systems")
app.add_typer(partner.app, name="partner", rich_help_panel="People and systems")
app.add_typer(officer.app, name="officer", rich_help_panel="People and systems")
app.add_typer(keys.operators, name="operator", rich_help_panel="People and systems")
app.add_typer(cases.app, name="case", rich_help_panel="Look after it")
app.add_typer(cases.message, name="message", rich_help_panel="Look after it")
app.add_typer(parked.app, name="parked", rich_help_panel="Look after it")
app.add_typer(parked.outbox, name="outbox", rich_help_panel="Look after it")
app.add_typer(audit.app, name="audit", rich_help_panel="Look after it")
app.add_typer(policy.app, name="policy", rich_help_panel="Look after it")
app.add_typer(keys.app, name="keys", rich_help_panel="Look after it")


def main() -> None:
    """Run one command; an error we know is told in one sentence, never with a traceback."""
    try:
        app(prog_name="ngao")
    except NgaoError as error:
        complain(str(error))
    except PyMongoError as error:
        complain(f"The database refuses or does not answer ({type(error).__name__}).")
    except OSError as error:
        complain(f"The system refuses: {error.strerror or type(error).__name__} ({error.filename or 'no file'}).")
    sys.exit(1)
