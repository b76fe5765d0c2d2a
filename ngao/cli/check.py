"""`ngao check`: test every prerequisite in order, and explain how to fix each failure."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from ngao.cli import policy
from ngao.cli.brokers import management
from ngao.cli.output import AsJson, echo, print_error, show_json
from ngao.cli.stores import stores_here
from ngao.deployment.checks.deployment import Deployment, missing_steps
from ngao.deployment.checks.policy import readable
from ngao.deployment.checks.runner import Check, CheckResult, State, after, perform
from ngao.deployment.checks.runtime import Broker, Service
from ngao.local import checks as embedded
from ngao.local.home import REPOSITORY, Home

app = typer.Typer()

Before = Annotated[bool, typer.Option("--before-start", help="Only checks that need nothing running, and free ports.")]
Files = Annotated[list[Path] | None, typer.Option("--settings", help="The settings file of a service, to check from its place.")]


@app.command(rich_help_panel="Operations")
def check(before_start: Before = False, settings: Files = None, as_json: AsJson = False) -> None:
    """Run all checks in order. Checks that depend on a failed one are skipped.

    Without options, checks the deployment in NGAO_SECRETS (on the host as root, with `operator/ngao.env` loaded; a container
    checks its own part), else the platform that `ngao up` runs, else the deployment in `./secrets`. Covers secrets and file
    modes, certificates (a warning 30 days before they expire), settings, policy files, free ports, disk space, the broker with
    its alarms, queues and accounts, the stores, clocks, and the services' own readiness.

    The exit code is 0 if no check fails. Warnings do not fail.

        bin/ngao check --before-start
        docker compose run --rm intake python -m ngao.cli check --settings /etc/ngao/service.toml
    """
    findings = perform(_checks(before_start, settings or []), (lambda _: None) if as_json else _print_finding)
    failed = [finding for finding in findings if finding.state is State.FAILED]
    if as_json:
        show_json({"sound": not failed, "findings": [asdict(finding) for finding in findings]})
        for finding in failed:
            print_error(finding.says)
    else:
        _print_summary(findings, failed)
    if failed:
        raise typer.Exit(1)


def _print_finding(finding: CheckResult) -> None:
    """Print one row with its reason. Skipped checks are summed up at the end."""
    if finding.state is not State.SKIPPED:
        _write(finding.state, finding.what, finding.says)


def _print_summary(findings: list[CheckResult], failed: list[CheckResult]) -> None:
    for cause, count in Counter(finding.says for finding in findings if finding.state is State.SKIPPED).items():
        _write(State.SKIPPED, f"{count} more", cause)
    if failed:
        more = f" ({len(failed) - 1} more checks failed, see above.)" if len(failed) > 1 else ""
        print_error(f"{failed[0].says}{more}")
        return
    warned = sum(1 for finding in findings if finding.state is State.WARNING)
    echo(f"{len(findings)} checks, {warned} warnings." if warned else f"{len(findings)} checks, all good.")


def _write(state: str, what: str, says: str) -> None:
    sys.stdout.write(f"{state:<15}{what:<32}{says}".rstrip() + "\n")
    sys.stdout.flush()


def _checks(before_start: bool, files: list[Path]) -> Iterator[Check]:
    home = Home.from_environment()
    if files:
        yield from _of_services([Service(file) for file in files], before_start=before_start)
    elif os.environ.get("NGAO_SECRETS") or (not home.state() and (REPOSITORY / "secrets").exists()):
        deployment = Deployment(
            Path(os.environ.get("NGAO_SECRETS") or REPOSITORY / "secrets").absolute(), REPOSITORY, policy.SHIPPED,
            management, lambda: list(stores_here().values()),
        )  # fmt: skip
        yield from deployment.checks(before_start=before_start)
    else:
        yield from _of_home(home, before_start)


def _of_services(services: list[Service], *, before_start: bool) -> Iterator[Check]:
    yield from chain.from_iterable(service.static() for service in services)
    for service in services:
        needs = (service.named("settings"),)
        yield Check(service.named("policy"), partial(_policy_of_service, service), needs)
    if not before_start:
        yield from chain.from_iterable(service.running() for service in services)


def _of_home(home: Home, before_start: bool) -> Iterator[Check]:
    yield from embedded.before(home)
    yield Check("policy", lambda: readable(policy.folders_here(), policy.SHIPPED))
    if not before_start:
        yield Check("platform", lambda: embedded.started(home))
        broker = Broker(management, lambda found: missing_steps(found, home.secrets))
        yield from after("platform", embedded.running(home, broker))


def _policy_of_service(service: Service) -> str:
    return readable(service.settings.policy_directories, policy.SHIPPED)
