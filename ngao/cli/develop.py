"""`ngao test` and `ngao run`: for developers of the platform."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from ngao.chassis.errors import NotFound
from ngao.cli.output import echo, print_error, progress
from ngao.local.binaries import need_test_programs
from ngao.local.home import REPOSITORY, Home
from ngao.local.platform import Platform
from ngao.local.reaper import reaped

app = typer.Typer()

_TOOLS = Path(sys.executable).parent
_CHECKS = (
    ("style", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports"]),
)
_WORKERS = ("--numprocesses", "6", "--dist", "loadgroup", "--no-loadscope-reorder", "--durations=20")
"""A full run mostly waits for real processes: six workers, one group of tests at a time, suit two cores."""
_THOROUGH = (*_WORKERS, "--numprocesses", "4", "-m", "not compose and not long")
"""It has browsers and whole platforms besides, which compute: with more workers, tests wait in vain for each other."""
_FAST = ("tests/unit", "tests/contract", "tests/architecture")
_FAST_WORKERS = ("--numprocesses", "2", "--dist", "load", "--maxschedchunk", "20", "--quiet")
"""These tests compute and do not wait: one worker for each of two cores."""
_GENERATOR = REPOSITORY / "tools" / "generate.py"


_PASSES_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
_PASSES_ON_ALL = {**_PASSES_ON, "allow_interspersed_args": False}
"""Options after the first argument belong to the program, also `--help`."""


@app.command("selftest", hidden=True, deprecated=True, context_settings=_PASSES_ON)
@app.command("test", rich_help_panel="Development", context_settings=_PASSES_ON)
def run_tests(
    context: typer.Context,
    only_tests: Annotated[bool, typer.Option("--only-tests", help="Skip the static checks.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Run only the tests that need no broker and no database.")] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="Run also the tests that take whole platforms.")] = False,
) -> None:
    """Run all checks and all tests with a broker and a database of their own. No process is left behind.

    `--fast` skips the static checks too. Further arguments go to pytest: `bin/ngao test --only-tests tests/unit -k report`.
    """
    failed = [] if only_tests or fast else _failed_checks(_checks())
    if _fast_tests(context.args) if fast else _tests([*_THOROUGH, *context.args] if thorough else context.args or _WORKERS):
        failed.append("tests")
    if failed:
        print_error(f"Failed: {', '.join(failed)}.")
        raise typer.Exit(1)
    echo("All passed.")


@app.command(rich_help_panel="Development", context_settings=_PASSES_ON_ALL)
def run(context: typer.Context) -> None:
    """Run a program of Ngao's environment in the repository folder, such as `bin/ngao run ruff check .`."""
    if not context.args:
        raise NotFound("Name a program to run.")
    name, *arguments = context.args
    program = _TOOLS / Path(name).name
    if not program.exists() and name != "bash":
        raise NotFound(f"The environment has no program {name}. Run `bin/ngao run pip list` to see the installed packages.")
    command = [str(program) if program.exists() else name, *arguments]
    os.chdir(REPOSITORY)
    os.execvpe(command[0], command, _environment())  # noqa: S606 - no shell; a signal to us reaches the program


def _checks() -> list[tuple[str, list[str]]]:
    generated = [("generated files", ["python", "-W", "ignore", str(_GENERATOR), "--check"])] if _GENERATOR.exists() else []
    return [*_CHECKS, *generated]


def _failed_checks(checks: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Run the checks side by side, print the output of each in their order, and return the names of those that failed."""
    failed = []
    with ThreadPoolExecutor(len(checks)) as pool:
        done = pool.map(lambda check: _program(check[1], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT), checks)
        for (name, _), ended in zip(checks, done, strict=True):
            echo("\n".join(filter(None, (f"--- {name}", ended.stdout.rstrip()))))
            if ended.returncode:
                failed.append(name)
    return failed


def _fast_tests(arguments: Sequence[str]) -> int:
    need_test_programs(progress(), ("promtool",))
    return _run("fast tests", ["python", "-m", "pytest", *_FAST, *_FAST_WORKERS, *arguments])


def _tests(arguments: Sequence[str]) -> int:
    """Run pytest in a new, short-lived runtime folder, so that no test sees the remains of another run."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a runner's SIGTERM also stops the runtime
    if _WORKERS[0] in arguments:
        need_test_programs(progress())
    folder = Path(tempfile.mkdtemp(prefix="ngao-test-"))
    with reaped(folder) as mark:
        platform = Platform.at(Home(folder), for_tests=True)
        try:
            variables = platform.up_for_tests(progress())
            return _run("tests", ["python", "-m", "pytest", *arguments], {**variables, **mark})
        finally:
            platform.down(progress())


def _run(name: str, command: Sequence[str], more: Mapping[str, str] | None = None) -> int:
    echo(f"--- {name}")
    sys.stdout.flush()
    return _program(command, more).returncode


def _program(command: Sequence[str], more: Mapping[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment to its end, in the repository folder; `more` are further variables."""
    full = [str(_TOOLS / command[0]), *command[1:]]
    return subprocess.run(full, check=False, cwd=REPOSITORY, env={**_environment(), **(more or {})}, **options)


def _environment() -> dict[str, str]:
    """Put the environment's own programs first, so that scripts find them by name.

    A test run starts hundreds of processes: each would compile the whole platform again where bytecode may not be kept.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(_TOOLS), os.environ.get("PATH", "")])
    return {**kept, "PATH": path, "PYTHONPATH": str(REPOSITORY)}
