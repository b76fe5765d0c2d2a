"""`ngao demo`: run the whole platform with real parts and invented people, and check every step."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import typer
from rich.console import Console

from ngao.chassis.errors import Unavailable
from ngao.chassis.settings import read_secret
from ngao.cli.api_client import Operator, Refused
from ngao.cli.output import echo, progress
from ngao.deployment.naming import SERVICES
from ngao.deployment.polling import wait_until
from ngao.local import pictures
from ngao.local.demo import staff
from ngao.local.demo.runner import DemoRun, publish_unreadable
from ngao.local.demo.scenarios import hours_ago
from ngao.local.demo.setup import DemoSetup
from ngao.local.demo.staff import DemoAccount
from ngao.local.home import Home
from ngao.local.platform import Platform

app = typer.Typer()
_PAUSES_S = (1, 5, 10)

_UNREADABLE = '{{"specversion": "1.0", "id": "{id}", "type": "intake.report.submitted.v1", "data": {{"violations": ['


@app.command(rich_help_panel="Run")
def demo() -> None:
    """Start everything, send invented reports, show each step, and leave the platform running.

    The exit code is 0 only if every scenario has its expected outcome: referrals accepted, disclosures opened by the partner,
    mail delivered, a silent partner skipped, a broken report refused, an unreadable message parked and replayed.
    """
    began = time.monotonic()
    console = Console(highlight=False, soft_wrap=True)
    platform = Platform.at(Home.from_environment())
    setup = DemoSetup(platform)
    platform.home.make()
    if setup.write_policy():
        platform.stop_services(progress())
    platform.up(progress())
    console.print("\n[bold]Onboarding[/bold] three sources, twelve partners (each a process with its own keys), three officers")
    setup.onboard()
    setup.start_partners()
    key = read_secret(platform.home.operator_key)
    run, intake = DemoRun(setup, key, console), Operator("intake", platform.url("intake"), key)
    console.print("\n[bold]Reports[/bold]")
    run.post_all()
    missing = run.watch() + _further(run)
    console.print("\n[bold]Parking[/bold]: bytes that are no report, over AMQP; then a report of a suspended source")
    missing += _unreadable(run, intake, setup.source("help-desk")) + _suspended(run, intake)
    _summary(console, run, missing, time.monotonic() - began)
    account = _account(Operator("console", platform.url("console"), key), platform.home.root)
    shown = pictures.why_none() or f"Pictures: {', '.join(str(each) for each in _pictures(platform, run))}"
    _leave(console, platform, setup, account, shown)
    if missing:
        raise Unavailable(f"The demo did not have the expected outcome: {'; '.join(missing)}.")


def _further(run: DemoRun) -> list[str]:
    """Return the outcomes that no single scenario shows and that did not happen in time: disclosures opened, mail delivered."""
    steps = run.printer.partner_steps
    wanted = {
        "a partner opened a sealed contact": lambda: any(step["hop"] == "contact_opened" for step in steps),
        "a partner opened a sealed narrative": lambda: any(step["hop"] == "narrative_opened" for step in steps),
        "mail was delivered": lambda: run.printer.mails > 0,
    }
    return [what for what, done in wanted.items() if not wait_until(partial(_happened, run, done), 30, 0.2)]


def _happened(run: DemoRun, done: Callable[[], bool]) -> bool:
    run.printer.print_new(run.cases)
    return done()


def _unreadable(run: DemoRun, intake: Operator, account: Path) -> list[str]:
    """Park undecodable bytes with a reason, replay them (they are parked and counted again), and drop them."""
    body = _UNREADABLE.format(id=secrets.token_hex(8)).encode()
    found = _newly_parked(intake, lambda: publish_unreadable(account, body))
    if found is None:
        return ["the unreadable message was not parked"]
    run.printer.print_step("intake", f"parked: {found['reason']}, {found['size']} bytes, sealed", style="yellow")
    intake.post(f"/v1/parked/{found['id']}/replay", {"reason": "demonstration: tried again"})
    if not wait_until(lambda: intake.get(f"/v1/parked/{found['id']}")["times"] == 2, 20, 0.2):
        return ["the replayed message was not parked again"]
    run.printer.print_step("operator", "replayed: still not a report, so it is parked again (2 times); dropped", style="yellow")
    intake.post(f"/v1/parked/{found['id']}/drop", {"reason": "demonstration: no report can be read from it"})
    return []


def _suspended(run: DemoRun, intake: Operator) -> list[str]:
    """Replay a report that was parked because its source was suspended, after the operator has enabled the source again."""
    intake.put("/v1/sources/help-desk", {"enabled": False})
    found = _newly_parked(intake, run.publish_while_suspended)
    intake.put("/v1/sources/help-desk", {"enabled": True})
    if found is None:
        return ["the suspended source's report was not parked"]
    run.printer.print_step("intake", f"parked: {found['reason']}", style="yellow")
    intake.post(f"/v1/parked/{found['id']}/replay", {"reason": "demonstration: the source is enabled again"})
    receipt = run.await_receipt()
    if not receipt.get("case_ref"):
        return ["the replayed report was not accepted"]
    run.printer.print_step("operator", f"replayed: accepted, {receipt['urgency']}", receipt["case_ref"], "green")
    return []


def _newly_parked(intake: Operator, publish: Callable[[], None]) -> dict[str, object] | None:
    """Publish, and return the message that is parked then, if one is in time."""
    known = {each["id"] for each in _parked(intake)}
    publish()
    found = wait_until(lambda: [each for each in _parked(intake) if each["id"] not in known], 20, 0.2)
    return found[0] if found else None


def _parked(intake: Operator) -> list[dict[str, object]]:
    return list(intake.get("/v1/parked")["parked"])


def _summary(console: Console, run: DemoRun, missing: list[str], seconds: float) -> None:
    steps = [step["hop"] for step in run.printer.partner_steps]
    counts = {
        "reports posted": len(run.posted),
        "cases": len(run.cases),
        "referrals accepted": steps.count("accepted"),
        "contacts opened by partners": steps.count("contact_opened"),
        "narratives opened by partners": steps.count("narrative_opened"),
        "referrals completed": steps.count("completed"),
        "e-mails delivered": run.printer.mails,
    }
    console.print("\n[bold]Results[/bold]")
    for what, count in counts.items():
        console.print(f"  {what:<32}{count:>4}")
    console.print(f"  {'seconds in all':<32}{seconds:>4.0f}")
    for each in missing:
        console.print(f"  [red]missing: {each}[/red]")


def _pictures(platform: Platform, run: DemoRun) -> list[Path]:
    """Take pictures of the board and of a case, as a phone and as a desk show them."""
    case = f"/c/{run.cases[0]}"
    pages = [
        pictures.Picture("/", "board.png"),
        pictures.Picture(case, "case.png"),
        pictures.Picture("/", "board-phone.png", 360, 740),
        pictures.Picture(case, "case-phone.png", 360, 740, "dark"),
    ]
    return staff.take_pictures(platform.home.root, f"http://localhost:{platform.ports['console']}", pages)


def _leave(console: Console, platform: Platform, setup: DemoSetup, account: DemoAccount, shown: str) -> None:
    """Print the addresses, how to use the platform, and how to stop it."""
    key = (setup.accounts / "source-web-form" / "http.secret").read_text("utf-8").strip()
    console.print("\n[bold]The platform is still running[/bold]")
    for service in SERVICES:
        console.print(f"  {service:<10}{platform.url(service)}  (description: {platform.url(service)}/openapi.json)")
    amqp = f"amqp://127.0.0.1:{platform.ports['amqp']}"
    console.print(f"  {'broker':<10}{amqp}, management {platform.url('management')}")
    console.print(f"  operator key: {platform.home.operator_key}")
    console.print(f"  accounts of sources and partners: {setup.accounts}")
    _show_pages(console, platform, account)
    console.print(f"  {shown}", soft_wrap=True)
    console.print("\n[bold]Post another report[/bold]\n")
    body = (
        f'{{"source_event_id":"mine-1","occurred_at":"{hours_ago(1)}","reporter":{{"role":"self"}},'
        '"violations":[{"type":"threat_to_defender"}],"location":{"scheme":"iso3166-2","code":"KE-30"},'
        '"needs":["legal_aid"],"consent":[{"purpose":"referral","scope":["narrative"]}]}'
    )
    headers = f"-H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'"
    command = f"curl -sS {platform.url('intake')}/v1/reports {headers} -d '{body}'"
    console.print(command, soft_wrap=True, markup=False)
    console.print(
        f"\nOffers expire after seconds here, to keep the demo short. For the deadlines of real work remove "
        f"{platform.home.policy / 'deadlines.yaml'} and run [bold]bin/ngao restart[/bold].",
        soft_wrap=True,
    )
    console.print("\nShow the status: [bold]bin/ngao status[/bold]. Stop the platform: [bold]bin/ngao down[/bold].")


def _account(console: Operator, home: Path) -> DemoAccount:
    """Return the account for the web pages. A busy machine answers 503, which asks to be tried again. Raises Unavailable."""
    for pause in _PAUSES_S:
        try:
            return _account_now(console, home)
        except (Refused, Unavailable):
            time.sleep(pause)
    return _account_now(console, home)


def _account_now(console: Operator, home: Path) -> DemoAccount:
    """Return the account; one that this home has not set up is invited and set up."""
    known = [each["state"] for each in console.get("/v1/accounts")["accounts"] if each["id"] == staff.NAME]
    if known == ["active"] and staff.file_of(home).exists():
        return staff.read_account(home)
    if known:
        invited = console.post(f"/v1/accounts/{staff.NAME}/invitation", {})
    else:
        invited = console.post("/v1/accounts", {"id": staff.NAME, "roles": list(staff.ROLES), "hubs": [], "language": "en"})
    return staff.set_up_account(home, console.url, str(invited["code"]))


def _show_pages(console: Console, platform: Platform, account: DemoAccount) -> None:
    """Print where the web pages are, who can sign in there, and what to look at."""
    console.print("\n[bold]The web pages for staff[/bold]")
    console.print(f"  open      http://localhost:{platform.ports['console']}/")
    console.print(f"  name      {account.name}")
    console.print(f"  password  {account.password}")
    console.print("  code      the one that [bold]bin/ngao demo-code[/bold] shows, as an authenticator app would")
    console.print("  This person is a duty officer: the board shows the cases that need a person. Open one, and read its story.")
    roles = f"bin/ngao staff roles {account.name} --role administrator"
    console.print(f"  See what others see: [bold]{roles}[/bold], then open the page again", soft_wrap=True)


@app.command("demo-code", rich_help_panel="Run")
def demo_code() -> None:
    """Show a code with which the demo's account signs in now, once. The third code within half a minute takes a moment."""
    echo(staff.new_code(Home.from_environment().root))
