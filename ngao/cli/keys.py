"""`ngao keys`: what the services seal with, period by period."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from ngao.broker.onboarding import OUTSIDER_ID
from ngao.chassis.errors import Misconfigured
from ngao.chassis.security import signing as signature
from ngao.chassis.security.keyfiles import load_verifying, trust_onboarding
from ngao.cli.calls import one_or_all, operator
from ngao.cli.output import AsJson, say, show
from ngao.cli.places import deployment, onboarding_key_file
from ngao.deployment.files import write_whole
from ngao.deployment.folder import SecretsFolder
from ngao.deployment.names import DISCLOSING, SERVICES
from ngao.deployment.periods import BOTH, KeyPlace, Kind, Needs
from ngao.local.configuration import write_keys
from ngao.local.home import Home

app = typer.Typer(no_args_is_help=True, help="The keys that the services seal with, one file each.")

OneService = Annotated[str | None, typer.Option("--service", help=f"One of {', '.join(SERVICES)}; all by default.")]


@app.command()
def init() -> None:
    """Make this month's keys where they do not exist yet, in NGAO_HOME/keys. No key is ever overwritten.

    `ngao up` does it too; in a deployment it is `ngao secrets rotate keys`. The services use new keys from some seconds on;
    earlier ones must stay as long as anything is sealed with them.
    """
    home = Home.from_environment()
    home.make()
    write_keys(home)
    say(f"The keys are in {home.keys}: {', '.join(sorted({path.stem for path in home.keys.rglob('*.key')}))}.")


@app.command("list")
def list_keys(service: OneService = None, as_json: AsJson = False) -> None:
    """The periods that each service uses, and how many data keys each still wraps."""
    rows = [row for each in one_or_all(service) for row in _rows(each)]
    show(rows, ("service", "period", "active", "data_keys"), as_json=as_json, none="There are no data keys yet.")


@app.command()
def signing() -> None:
    """Print the public keys that events are verified with, as an outsider's account file takes them (`signed_by`)."""
    secrets = deployment()
    public = secrets.at("public") if secrets else Home.from_environment().keys / "public"
    keys = [
        {"service": service, "key_id": key_id, "public_key": key}
        for key_id, (service, key) in sorted(load_verifying(public).items(), key=lambda each: each[1])
    ]
    say(json.dumps({"signed_by": keys}, indent=2))


@app.command()
def onboarding(
    name: Annotated[str, typer.Argument(help="Whose it is, such as `amina`: lower-case letters, digits and hyphens.")],
    public: Annotated[str | None, typer.Option(help="A public key to trust from now on; without it a pair is made.")] = None,
) -> None:
    """Make an onboarding key, or let registry and intake trust one.

    Partners' keys are vouched for with it. Where two are trusted, other keys of a partner than before need both.
    """
    if not OUTSIDER_ID.fullmatch(name):
        raise Misconfigured("A name is lower-case letters, digits and hyphens, such as `amina`.")
    if public is None:
        private_file = onboarding_key_file().with_name(f"onboarding-{name}.key")
        if private_file.exists():
            raise Misconfigured(f"{private_file} is there already.")
        private = signature.new_key()
        private_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(private_file, private + "\n")
        say(f"The private key is in {private_file}; keep it where only its owner gets at it.")
        say(f"Its public key is {signature.public_of(private)}; let it be trusted where the platform's keys are:")
        say(f"  ngao keys onboarding {name} --public {signature.public_of(private)}")
        return
    signature.key_id(public)
    secrets = deployment()
    for service in DISCLOSING:
        _trust(secrets, service, name, public)
    say(f"{' and '.join(DISCLOSING)} trust the onboarding key of {name} from ten seconds on.")


def _trust(secrets: SecretsFolder | None, service: str, name: str, public: str) -> None:
    """Never in the place of another: a key that is trusted no more is removed by hand."""
    if secrets is None:
        trust_onboarding(Home.from_environment().keys / service, name, public)
        return
    with secrets.alone():
        if not secrets.at(service, "keys", f"onboarding-{name}.pub").exists():
            secrets.write(public, service, "keys", f"onboarding-{name}.pub")


@app.command()
def rewrap(service: Annotated[str | None, typer.Argument(help=f"One of {', '.join(SERVICES)}; all by default.")] = None) -> None:
    """Wrap the data keys of earlier periods under the newest one, while the service runs. Nothing that is sealed is touched."""
    for each in one_or_all(service):
        called, done, after = operator(each), 0, ""
        while True:
            answer = called.post("/v1/keys/rewrap", {"after": after})
            done, after = done + answer["rewrapped"], answer["next"]
            if after is None:
                break
        say(f"{done} data keys of {each} are wrapped anew.")


@app.command()
def retire(
    period: Annotated[str, typer.Argument(help="Such as 2026-10, as `ngao keys list` shows it.")],
    service: OneService = None,
    kind: Annotated[
        Kind | None, typer.Option(help="What wraps data keys, what others seal to (both by default), or what signs events.")
    ] = None,
) -> None:
    """Destroy a period's keys, so that nobody can open what was sealed under them: not in backups and old disks either.

    Refused while a data key is still wrapped by it, while what was sealed to it can still come, and for the newest period.
    Where one kind must stay, `--kind` names the one that may go.
    """
    secrets, kinds = deployment(), (kind,) if kind else BOTH
    with secrets.alone() if secrets else nullcontext():
        places = [each for each in (_place(name, secrets) for name in one_or_all(service)) if each.files_of(period, kinds)]
        if not places:
            whose = f"{kind} key" if kind else "key"
            raise Misconfigured(f"No {whose} of that period is here; `ngao keys list` shows the periods.")
        for place in places:
            place.demand_retirable(period, _needs(place.service), kinds)
        for path in [path for place in places for path in place.files_of(period, kinds)]:
            path.unlink()
            say(f"{path} is destroyed.")
    say("Copies of these files must go, too: what is not destroyed everywhere is not destroyed.")


def _place(service: str, secrets: SecretsFolder | None) -> KeyPlace:
    if secrets:
        return KeyPlace(service, secrets.at(service, "keys"), secrets.at("public"))
    keys = Home.from_environment().keys
    return KeyPlace(service, keys / service, keys / "public")


def _needs(service: str) -> Needs:
    called = operator(service)
    wrapped = {each["period"]: each["data_keys"] for each in called.get("/v1/keys")["wrapped"]}
    return Needs(wrapped, parked=bool(called.get("/v1/parked", limit=1)["parked"]))


def _rows(service: str) -> list[dict[str, Any]]:
    told = operator(service).get("/v1/keys")
    counted = {each["period"]: each["data_keys"] for each in told["wrapped"]}
    periods = sorted({*counted, told["active"]})
    return [
        {"service": service, "period": each, "active": each == told["active"], "data_keys": counted.get(each, 0)}
        for each in periods
    ]  # fmt: skip
