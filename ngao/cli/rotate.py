"""`ngao secrets rotate`: one kind of secret made new, while everything runs; each says what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli.brokers import management, management_with
from ngao.cli.calls import demand_known, one_or_all
from ngao.cli.output import say
from ngao.cli.places import made_folder
from ngao.deployment import periods, renewal, rotation
from ngao.deployment.making import server_hosts
from ngao.deployment.names import SEALED_TO, SERVICES, store_of

app = typer.Typer(no_args_is_help=True, help="Make secrets new, one kind at a time, without losing an event.")

Service = Annotated[str | None, typer.Option("--service", help=f"One of {', '.join(SERVICES)}; all by default.")]
Host = Annotated[list[str] | None, typer.Option(help="A name under which outsiders reach this deployment; may be repeated.")]
Finish = Annotated[bool, typer.Option("--finish", help="End the change: what was valid before is taken away.")]


@app.command()
def broker(
    service: Service = None,
    administrator: Annotated[bool, typer.Option("--administrator", help="The broker's administrator, not a service.")] = False,
) -> None:
    """New passwords for the services' broker accounts, or for the broker's administrator.

    Nothing is restarted: connections stay, and each new one reads the password from its file.
    """
    folder = made_folder()
    if administrator:
        rotation.administrator_password(folder, management_with)
        say("The broker's administrator has a new password. Nothing is to be restarted.")
        return
    with management() as interface:
        for each in one_or_all(service):
            rotation.broker_password(folder, each, interface)
            say(f"{each} has a new broker password; it reads it when it connects again. Nothing is to be restarted.")


@app.command()
def store(service: Service = None, finish: Finish = False) -> None:
    """New passwords for the services' store accounts. Until the store has been told, a service that starts tries both."""
    folder, chosen = made_folder(), one_or_all(service)
    for each in chosen:
        if finish:
            rotation.finish_store_password(folder, each)
            say(f"The password of {each} before is gone from the folder.")
        else:
            rotation.store_password(folder, each)
            say(f"{store_of(each)} is to have a new password for {each}.")
    if not finish:
        say("Next, in this order:")
        say("  docker compose run --rm provision")
        say(f"  docker compose restart {' '.join(chosen)}")
        say(f"  ngao secrets rotate store{_option(service)} --finish")


@app.command()
def tls(
    service: Annotated[str | None, typer.Option("--service", help="A service, `broker` or a store; all by default.")] = None,
    host: Host = None,
    authority: Annotated[bool, typer.Option("--authority", help="Begin a new authority, which waits; both are trusted.")] = False,
    switch: Annotated[bool, typer.Option("--switch", help="The new authority signs for the servers.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="Trust the new authority alone.")] = False,
) -> None:
    """New certificates from the deployment's own authority; or a new authority, in three steps that each say the next.

    Certificates end after 825 days, the authority after ten years. A new authority first signs for outsiders only: who trusts
    the old one alone would refuse a server with a certificate of the new one.
    """
    folder = made_folder()
    if authority:
        renewal.begin_authority(folder)
        _say_all(_BEGUN)
    elif switch:
        _say_new(renewal.switch_authority(folder))
        say("The old authority is still trusted. When every server has started with its new certificate:")
        say("  ngao secrets rotate tls --finish")
    elif finish:
        renewal.finish_authority(folder)
        _say_all(_FINISHED)
    else:
        _say_new(renewal.certificates(folder, _servers(service), host or ()))


_STANDS_ON = f"  docker compose restart broker {' '.join(map(store_of, SERVICES))}"
_REST = f"  docker compose restart {' '.join(SERVICES)} edge desk"
_BEGUN = (
    "A new authority waits. It signs for outsiders from now on, the old one for the servers; both are trusted.",
    "Next, in this order:",
    _STANDS_ON,
    f"{_REST}     so that every part trusts both",
    "  ngao partner certificate ID, ngao source certificate ID     for each outsider; hand over what they make",
    "  ngao secrets rotate tls --switch     when all outsiders use what they were given, not earlier",
)
_FINISHED = (
    "Only the new authority is trusted. Next, in this order:",
    _STANDS_ON,
    _REST,
    "Outsiders trust both until they are given the new ca.pem. Where the old authority's key was stolen, give it to them now.",
)


def _say_all(lines: Sequence[str]) -> None:
    for line in lines:
        say(line)


def _say_new(owners: Sequence[str]) -> None:
    say(f"New certificates for {', '.join(owners)}. Services and broker take theirs within two minutes.")
    stores = [each for each in owners if each in map(store_of, SERVICES)]
    if stores:
        say(f"Stores do when they start. Next, whenever it suits:\n  docker compose restart {' '.join(stores)}")


@app.command()
def keys(service: Service = None) -> None:
    """Begin a new period of the keys that wrap data keys; what is sealed stays as it is."""
    folder = made_folder()
    for each in one_or_all(service):
        period = periods.begin_wrapping(folder, each)
        say(f"{each} wraps new data keys under {period}, from ten seconds on. Nothing is to be restarted.")
    say("Next, to be rid of the period before:")
    say(f"  ngao keys rewrap{_argument(service)}")
    say(f"  ngao keys retire PERIOD --kind wrapping{_option(service)}     (`ngao keys list` shows the periods)")


@app.command()
def sealing(
    service: Annotated[str | None, typer.Option("--service", help=f"One of {', '.join(SEALED_TO)}; both by default.")] = None,
) -> None:
    """Begin a new period of the keys that others seal to. The private keys before stay until they are retired."""
    folder = made_folder()
    for each in [service] if service else SEALED_TO:
        demand_known(each)
        period = periods.begin_sealing(folder, each)
        say(f"Others seal to {each} under {period}, from ten seconds on. Nothing is to be restarted.")
        if each == "intake":
            say(
                "Sources that post over AMQP seal to intake: give them `seal_to` of GET /v1/sealing-key for their account.json."
            )
    say("Next, when nothing sealed to the period before can come any more:")
    say(f"  ngao keys retire PERIOD --kind sealing{_option(service)}")


@app.command()
def signing(service: Service = None) -> None:
    """Begin a new period of the keys that services sign their events with. Signatures of the period before stay good."""
    folder = made_folder()
    for each in one_or_all(service):
        period = periods.begin_signing(folder, each)
        say(f"{each} signs its events under {period}, from ten seconds on. Nothing is to be restarted.")
    say("Partners who verify signatures need the new public keys: `ngao keys signing` prints them.")
    say("Next, when nothing signed under the period before can come any more:")
    say(f"  ngao keys retire PERIOD --kind signing{_option(service)}")


@app.command()
def audit(service: Service = None) -> None:
    """Begin a new period of the keys that the services' audit is keyed with. The keys before must stay, to verify with."""
    folder = made_folder()
    for each in one_or_all(service):
        period = periods.begin_audit(folder, each)
        say(f"{each} keys its audit under {period}, from ten seconds on. Nothing is to be restarted.")
    say("Next, when a minute is over, note where the chains are: ngao audit heads --json")


@app.command()
def operator(finish: Finish = False) -> None:
    """A new key for these commands. The one before stays valid until the change is finished."""
    folder = made_folder()
    if finish:
        rotation.finish_operator_key(folder)
        say("The operator's key before opens nothing any more.")
        return
    rotation.operator_key(folder)
    say(f"The operator's new key is in {folder.at('operator', 'operator.key')}; the services know it already.")
    say("Next, when everyone who uses the key has the new one:\n  ngao secrets rotate operator --finish")


def _servers(named: str | None) -> list[str]:
    known = list(server_hosts())
    if named is not None and named not in known:
        raise Misconfigured(f"There is no certificate of that name; there are {', '.join(known)}.")
    return [named] if named else known


def _option(service: str | None) -> str:
    return f" --service {service}" if service else ""


def _argument(service: str | None) -> str:
    return f" {service}" if service else ""
