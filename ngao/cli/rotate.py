"""`ngao secrets rotate`: replace one kind of secret while everything runs, and print the remaining steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from ngao.chassis.errors import Misconfigured
from ngao.cli.api_client import OneService, one_or_all
from ngao.cli.brokers import management, open_management
from ngao.cli.locations import existing_folder
from ngao.cli.output import echo
from ngao.deployment import rotate_certificates, rotate_keys, rotate_passwords
from ngao.deployment.init_secrets import server_hosts
from ngao.deployment.naming import SEALED_TO, SERVICES, store_of
from ngao.deployment.secrets_folder import SecretsFolder

app = typer.Typer(no_args_is_help=True, help="Replace secrets, one kind at a time, without losing an event.")

Host = Annotated[list[str] | None, typer.Option(help="A host name of this deployment for outsiders. Can be repeated.")]
Finish = Annotated[bool, typer.Option("--finish", help="Finish the change: remove the previous secret.")]


@app.command()
def broker(
    service: OneService = None,
    administrator: Annotated[bool, typer.Option("--administrator", help="The administrator instead of a service.")] = False,
) -> None:
    """Replace the passwords of the services' broker accounts, or of the broker's administrator.

    No restart is needed: open connections stay, and each new connection reads the password from its file.
    """
    folder = existing_folder()
    if administrator:
        rotate_passwords.administrator_password(folder, open_management)
        echo("The broker's administrator has a new password. No restart needed.")
        return
    with management() as interface:
        for each in one_or_all(service):
            rotate_passwords.broker_password(folder, each, interface)
            echo(f"{each} has a new broker password and uses it for new connections. No restart needed.")


@app.command()
def store(service: OneService = None, finish: Finish = False) -> None:
    """Replace the passwords of the services' store accounts. During the change a starting service tries both passwords."""
    folder, chosen = existing_folder(), one_or_all(service)
    for each in chosen:
        if finish:
            rotate_passwords.finish_store_password(folder, each)
            echo(f"Removed the previous password of {each}.")
        else:
            rotate_passwords.store_password(folder, each)
            echo(f"New password of {each} for {store_of(each)} written.")
    if not finish:
        echo("Next steps, in this order:")
        echo("  docker compose run --rm provision")
        echo(f"  docker compose restart {' '.join(chosen)}")
        echo(f"  ngao secrets rotate store{_option(service)} --finish")


@app.command()
def tls(
    service: Annotated[str | None, typer.Option("--service", help="A service, `broker` or a store. Default: all.")] = None,
    host: Host = None,
    authority: Annotated[bool, typer.Option("--authority", help="Create a new authority, and trust both.")] = False,
    switch: Annotated[bool, typer.Option("--switch", help="Sign the servers' certificates with the new authority.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="Trust only the new authority.")] = False,
) -> None:
    """Renew certificates from the deployment's own authority, or replace the authority in three steps. Each prints the next.

    Certificates expire after 825 days, the authority after ten years. A new authority first signs for outsiders only: a client
    that trusts only the old one would refuse a server with a certificate of the new one.
    """
    folder = existing_folder()
    if authority:
        rotate_certificates.begin_authority(folder)
        echo("\n".join(_BEGUN))
    elif switch:
        _print_renewed(rotate_certificates.switch_authority(folder))
        echo("The old authority is still trusted. When every server has restarted with its new certificate:")
        echo("  ngao secrets rotate tls --finish")
    elif finish:
        rotate_certificates.finish_authority(folder)
        echo("\n".join(_FINISHED))
    else:
        _print_renewed(rotate_certificates.certificates(folder, _servers(service), host or ()))


_STANDS_ON = f"  docker compose restart broker {' '.join(map(store_of, SERVICES))}"
_REST = f"  docker compose restart {' '.join(SERVICES)} edge desk"
_BEGUN = (
    "Created a new authority. It signs for outsiders now, the old one still signs for servers. Both are trusted.",
    "Next steps, in this order:",
    _STANDS_ON,
    f"{_REST}     so that every part trusts both",
    "  ngao partner certificate ID, ngao source certificate ID     for each outsider; send them the new files",
    "  ngao secrets rotate tls --switch     when every outsider uses the new files, not earlier",
)
_FINISHED = (
    "Only the new authority is trusted. Next steps, in this order:",
    _STANDS_ON,
    _REST,
    "Outsiders trust both until they get the new ca.pem. If the old authority's key was stolen, send it to them now.",
)


def _print_renewed(owners: Sequence[str]) -> None:
    echo(f"Renewed the certificates of {', '.join(owners)}. Services and broker load them within two minutes.")
    stores = [owner for owner in owners if owner in map(store_of, SERVICES)]
    if stores:
        echo(f"Stores load theirs at startup. Next, at a time that suits you:\n  docker compose restart {' '.join(stores)}")


@app.command()
def keys(service: OneService = None) -> None:
    """Start a new period of the keys that wrap data keys. Sealed data is not changed."""
    _begin(rotate_keys.begin_wrapping, "{service} wraps new data keys under {period}", service)
    echo("Next, to retire the previous period:")
    echo(f"  ngao keys rewrap{_option(service)}")
    echo(f"  ngao keys retire PERIOD --kind wrapping{_option(service)}     (`ngao keys list` shows the periods)")


@app.command()
def sealing(
    service: Annotated[str | None, typer.Option("--service", help=f"One of {', '.join(SEALED_TO)}; all by default.")] = None,
) -> None:
    """Start a new period of the keys that others seal to. Earlier private keys are kept until you retire them."""
    if "intake" in _begin(rotate_keys.begin_sealing, "{period} is the sealing period of {service}", service, SEALED_TO):
        echo("Sources that post over AMQP seal to intake: send them `seal_to` of GET /v1/sealing-key for their account.json.")
    echo("Next, when no message sealed to the previous period can arrive any more:")
    echo(f"  ngao keys retire PERIOD --kind sealing{_option(service)}")


@app.command()
def signing(service: OneService = None) -> None:
    """Start a new period of the keys that sign events. Signatures of earlier periods stay valid."""
    _begin(rotate_keys.begin_signing, "{service} signs its events under {period}", service)
    echo("Partners who verify signatures need the new public keys. `ngao keys signing` prints them.")
    echo("Next, when no event signed under the previous period can arrive any more:")
    echo(f"  ngao keys retire PERIOD --kind signing{_option(service)}")


@app.command()
def audit(service: OneService = None) -> None:
    """Start a new period of the keys of the services' audit trails. Keep the earlier keys: verification needs them."""
    _begin(rotate_keys.begin_audit, "{service} uses the audit key of {period}", service)
    echo("Next, after a minute, save the heads of the chains: ngao audit heads --json")


@app.command()
def operator(finish: Finish = False) -> None:
    """Replace the operator key of these commands. The previous one stays valid until --finish."""
    folder = existing_folder()
    if finish:
        rotate_passwords.finish_operator_key(folder)
        echo("The previous operator key no longer works.")
        return
    rotate_passwords.operator_key(folder)
    echo(f"New operator key: {folder.at('operator', 'operator.key')}. It works immediately.")
    echo("Next, when every user of the key has the new one:\n  ngao secrets rotate operator --finish")


def _begin(
    begin: Callable[[SecretsFolder, str], str], done: str, service: str | None, among: Sequence[str] = SERVICES
) -> Sequence[str]:
    """Start a period of one kind of key for the chosen services, and return them."""
    folder, chosen = existing_folder(), one_or_all(service) if service else among
    for each in chosen:
        period = begin(folder, each)
        echo(f"{done.format(service=each, period=period)} within ten seconds. No restart needed.")
    return chosen


def _servers(named: str | None) -> list[str]:
    known = list(server_hosts())
    if named is not None and named not in known:
        raise Misconfigured(f"Unknown certificate. Choose from {', '.join(known)}.")
    return [named] if named else known


def _option(service: str | None) -> str:
    return f" --service {service}" if service else ""
