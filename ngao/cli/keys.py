"""`ngao keys`: the encryption keys of the services, by period."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from ngao.broker.onboarding import OUTSIDER_ID
from ngao.chassis.errors import Misconfigured
from ngao.chassis.security import signing as signature
from ngao.chassis.security.keyfiles import load_verifying
from ngao.cli.api_client import OldService, OneService, one_or_all, operator
from ngao.cli.locations import deployment, onboarding_key_file
from ngao.cli.output import AsJson, echo, show
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.first_keys import trust_onboarding
from ngao.deployment.naming import DISCLOSING
from ngao.deployment.rotate_keys import BOTH, KeyPlace, Kind, Needs
from ngao.deployment.secrets_folder import SecretsFolder
from ngao.local.configuration import write_keys
from ngao.local.home import Home

app = typer.Typer(no_args_is_help=True, help="The encryption keys of the services, one file each.")


@app.command()
def init() -> None:
    """Create this month's keys in NGAO_HOME/keys where they are missing. No key is ever overwritten.

    `ngao up` also does this. In a deployment use `ngao secrets rotate keys`. The services use new keys within seconds. Keep
    earlier keys as long as any data is sealed with them.
    """
    home = Home.from_environment()
    home.make()
    write_keys(home)
    echo(f"Keys in {home.keys}: {', '.join(sorted({path.stem for path in home.keys.rglob('*.key')}))}.")


@app.command("list")
def list_keys(service: OneService = None, as_json: AsJson = False) -> None:
    """List the key periods of each service, and the number of data keys that each period wraps."""
    rows = [row for each in one_or_all(service) for row in _rows(each)]
    show(rows, ("service", "period", "active", "data_keys"), as_json=as_json, none="There are no data keys yet.")


@app.command()
def signing() -> None:
    """Print the public keys that verify events, as in an outsider's account file (`signed_by`)."""
    secrets = deployment()
    public = secrets.at("public") if secrets else Home.from_environment().public_keys
    keys = [
        {"service": service, "key_id": key_id, "public_key": key}
        for key_id, (service, key) in sorted(load_verifying(public).items(), key=lambda each: each[1])
    ]
    echo(json.dumps({"signed_by": keys}, indent=2))


@app.command()
def onboarding(
    name: Annotated[str, typer.Argument(help="The owner, such as `amina`: lower-case letters, digits and hyphens.")],
    public: Annotated[str | None, typer.Option(help="A public key to trust. Without it, a new pair is created.")] = None,
) -> None:
    """Create an onboarding key, or make registry and intake trust one.

    It signs partners' keys. If two keys are trusted, a change of a partner's keys needs both signatures.
    """
    if not OUTSIDER_ID.fullmatch(name):
        raise Misconfigured("An onboarding key needs a name of lower-case letters, digits and hyphens, such as `amina`.")
    if public is None:
        private_file = onboarding_key_file().with_name(f"onboarding-{name}.key")
        if private_file.exists():
            raise Misconfigured(f"{private_file} already exists. Choose another name, or remove the file first.")
        private = signature.new_key()
        private_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(private_file, private + "\n")
        echo(f"Private key: {private_file}. Store it where only its owner has access.")
        echo(f"Public key: {signature.public_of(private)}. Trust it where the platform's keys are:")
        echo(f"  ngao keys onboarding {name} --public {signature.public_of(private)}")
        return
    signature.key_id(public)
    secrets = deployment()
    for service in DISCLOSING:
        _trust(secrets, service, name, public)
    echo(f"{' and '.join(DISCLOSING)} trust the onboarding key of {name} within ten seconds.")


def _trust(secrets: SecretsFolder | None, service: str, name: str, public: str) -> None:
    """Add a trusted key. It never replaces another one: remove a key that is no longer trusted by hand."""
    if secrets is None:
        trust_onboarding(Home.from_environment().keys / service, name, public)
        return
    with secrets.alone():
        secrets.ensure(lambda: public, service, "keys", f"onboarding-{name}.pub")


@app.command()
def rewrap(old_service: OldService = None, service: OneService = None) -> None:
    """Wrap the data keys of earlier periods under the newest one, while the service runs. Sealed data is not changed."""
    for each in one_or_all(service or old_service):
        called, done, after = operator(each), 0, ""
        while True:
            answer = called.post("/v1/keys/rewrap", {"after": after})
            done, after = done + answer["rewrapped"], answer["next"]
            if after is None:
                break
        echo(f"Rewrapped {done} data keys of {each}.")


@app.command()
def retire(
    period: Annotated[str, typer.Argument(help="A period of `ngao keys list`, such as 2026-10.")],
    service: OneService = None,
    kind: Annotated[
        Kind | None, typer.Option(help="Keys that wrap data keys, keys that others seal to (both by default), or signing keys.")
    ] = None,
) -> None:
    """Destroy the keys of a period. Data sealed under them becomes unreadable, also in backups and on old disks.

    Refused for the newest period, while a data key is still wrapped by the period, and while messages sealed to it can arrive.
    If only one kind can be retired, name it with `--kind`.
    """
    secrets, kinds = deployment(), (kind,) if kind else BOTH
    with secrets.alone() if secrets else nullcontext():
        places = [each for each in (_place(name, secrets) for name in one_or_all(service)) if each.files_of(period, kinds)]
        if not places:
            kinds_missing = f"{kind} key" if kind else "key"
            raise Misconfigured(f"No {kinds_missing} of that period found. Run `ngao keys list` to see the periods.")
        for place in places:
            place.require_retirable(period, _needs(place.service), kinds)
        for path in [path for place in places for path in place.files_of(period, kinds)]:
            path.unlink()
            echo(f"Destroyed {path}.")
    echo("Destroy every copy of these files, too. Otherwise the data can still be opened.")


def _place(service: str, secrets: SecretsFolder | None) -> KeyPlace:
    if secrets:
        return KeyPlace(service, secrets.at(service, "keys"), secrets.at("public"))
    home = Home.from_environment()
    return KeyPlace(service, home.keys / service, home.public_keys)


def _needs(service: str) -> Needs:
    called = operator(service)
    wrapped = {each["period"]: each["data_keys"] for each in called.get("/v1/keys")["wrapped"]}
    return Needs(wrapped, parked=bool(called.get("/v1/parked", limit=1)["parked"]))


def _rows(service: str) -> list[dict[str, Any]]:
    found = operator(service).get("/v1/keys")
    counted = {each["period"]: each["data_keys"] for each in found["wrapped"]}
    periods = sorted({*counted, found["active"]})
    return [
        {"service": service, "period": period, "active": period == found["active"], "data_keys": counted.get(period, 0)}
        for period in periods
    ]
