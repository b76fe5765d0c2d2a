"""`ngao partner`: the services that take referrals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ngao.broker.management import Management
from ngao.broker.onboarding import account_name, is_onboarded, onboard_partner, revoke
from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.cli import vouching
from ngao.cli.accounts import keep_key, sentence, write_account, write_certificate
from ngao.cli.brokers import edge, edge_http, edge_partners, management
from ngao.cli.calls import Operator, Refused, Waits, operator
from ngao.cli.output import AsJson, say, show
from ngao.cli.places import onboarding_key_file

app = typer.Typer(no_args_is_help=True, help="Partners that take referrals: lawyers, doctors, counsellors, safe houses, grants.")

PartnerId = Annotated[str, typer.Argument(help="The partner's id.")]
NewKey = Annotated[bool, typer.Option("--new-key", help="Give a known partner a new key and a new broker password.")]
_HELD = ("case_ref", "need", "urgency", "state", "offer_id")
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A YAML file; docs/how-to/onboard-a-partner.md has one.")]


@app.command()
def add(file: File, new_key: NewKey = False) -> None:
    """Add or change one partner from a YAML file.

    The file has the fields of the directory (`id`, `name`, `support_types`, `counties`, `languages`, `capacity`,
    `public_key`, ...) and `contact: {email, language}`, whom notify tells. A new partner gets a key,
    a broker account and two queues.
    """
    content = _read(file)
    if not isinstance(content, dict):
        raise Misconfigured(f"{file} must hold one partner; for a list use `ngao partner load`.")
    partner = _checked(content, file)
    with management() as broker:
        say(_keep(broker, partner, new_key=new_key))


@app.command()
def load(file: File, new_key: NewKey = False) -> None:
    """Add or change many partners: a YAML list, or a mapping with `partners:`. The file is checked whole first."""
    content = _read(file)
    listed = content.get("partners") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        raise Misconfigured(f"{file} must hold a list of partners.")
    partners = [_checked(each, file) for each in listed]
    with management() as broker:
        for partner in partners:
            say(_kept(broker, partner, new_key=new_key))


@app.command()
def certificate(partner_id: PartnerId) -> None:
    """A new client certificate for the broker, before the old one ends or when it is lost; its account stays as it is."""
    say(write_certificate("partner", partner_id))


@app.command()
def vouch(
    partner_ids: Annotated[list[str] | None, typer.Argument(help="Partners' ids.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every partner with a key; after an update.")] = False,
    key: Annotated[Path | None, typer.Option(help="The private onboarding key; else NGAO_ONBOARDING_KEY_FILE.")] = None,
) -> None:
    """Sign that these are a partner's keys, as the directory has them. Compare the key ids with the partner first, by phone.

    A vouch for the same keys gets one more signature: other keys than before need those of two operators, where there are two.
    What was withheld from the partner for its keys is disclosed now.
    """
    referral = operator("referral")
    listed = referral.get("/v1/partners")["partners"]
    chosen = [each for each in listed if (everyone and each["public_key"]) or each["id"] in (partner_ids or ())]
    if missing := set(partner_ids or ()) - {each["id"] for each in chosen}:
        raise Misconfigured(f"The directory has no partner {', '.join(sorted(missing))}.")
    if not chosen:
        raise Misconfigured("Name partners, or --all.")
    for partner in chosen:
        say(vouching.sign(referral, partner, key or onboarding_key_file()))


@app.command("list")
def list_partners(as_json: AsJson = False) -> None:
    """The directory. `undelivered` are events for a partner whose broker queue is missing or full; they wait for it.

    `ngao partner add FILE` makes a missing queue again, with a new account file.
    """
    rows = operator("referral").get("/v1/partners")["partners"]
    columns = ("id", "name", "support_types", "counties", "capacity", "vetted", "suspended", "revoked", "undelivered")
    show(rows, columns, as_json=as_json, none="There is no partner yet; add one with `ngao partner add`.")


@app.command("revoke")
def revoke_partner(partner_id: PartnerId, as_json: AsJson = False) -> None:
    """Shut a partner out at once: its open offers go to others, its key opens nothing, its broker account is gone.

    What it had accepted is listed and shown to the duty officer; a human decides about it. A partner that is taken on again needs
    `ngao partner add FILE --new-key`.
    """
    account_name("partner", partner_id)
    held, undone = _shut_out(partner_id)
    with management() as broker:
        revoke(broker, "partner", partner_id)
    if undone:
        raise Unavailable(
            f"The broker account of {partner_id} is gone, but the directory still has it: {undone} "
            "Its HTTP key and its open offers stand until this command succeeds."
        )
    show(held, _HELD, as_json=as_json, none=f"{partner_id} is shut out: no account, no key, no offers. It had accepted nothing.")


def _shut_out(partner_id: str) -> tuple[list[dict[str, Any]], str]:
    """Revoke in the directory; gives what the partner holds, and why it could not be done, which must not spare its account."""
    try:
        return operator("referral").post(f"/v1/partners/{partner_id}/revoke", {})["offers"], ""
    except (Misconfigured, Refused, Unavailable) as error:
        return [], str(error)


def _kept(broker: Management, partner: Mapping[str, Any], *, new_key: bool) -> str:
    try:
        _keep(broker, partner, new_key=new_key)
    except Waits as waits:
        return f"{partner['id']}: {waits}"
    return f"{partner['id']} kept"


def _keep(broker: Management, partner: Mapping[str, Any], *, new_key: bool) -> str:
    """The broker's queues come first: an offer to a partner without a queue would have nowhere to go.

    A revoked partner gets nothing before the directory has taken it back, which another operator may have to approve.

    Where outsiders reach intake at an address of its own, and no address of referral is named for them, the account names no HTTP
    interface.
    """
    partner_id, address, referral = partner["id"], edge(), operator("referral")
    record = {**partner, **vouching.of(referral, partner)}
    revoked = bool(vouching.known(referral, partner_id).get("revoked"))
    if revoked and not new_key:
        raise Misconfigured(f"{partner_id} was revoked: give --new-key to take it on again.")
    key_file = _put_directory(referral, record, new_key=True) if revoked else None
    folder = None
    if new_key or not is_onboarded(broker, address.vhost, "partner", partner_id):
        http_url = edge_partners() or (None if edge_http() else referral.url)
        folder = write_account(onboard_partner(broker, address, partner_id), http_url=http_url)
    if not revoked:
        key_file = _put_directory(referral, record, new_key=new_key)
    if partner.get("contact"):
        operator("notify").put(f"/v1/roster/partners/{partner_id}", partner["contact"])
    return sentence(folder, key_file)


def _put_directory(referral: Operator, partner: Mapping[str, Any], *, new_key: bool) -> Path | None:
    """Keep it in the directory; gives the file of its new HTTP key, if it got one. Raises Waits."""
    body = {name: value for name, value in partner.items() if name not in {"id", "contact"}}
    answer: dict[str, Any] = referral.put(f"/v1/partners/{partner['id']}", {**body, "new_key": True} if new_key else body)
    return keep_key("partner", partner["id"], answer.get("key"))


def _read(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise Misconfigured(f"{file} is not YAML.") from None


def _checked(partner: Any, file: Path) -> dict[str, Any]:
    if not isinstance(partner, dict) or not isinstance(partner.get("id"), str):
        raise Misconfigured(f"{file} has a partner without an id.")
    account_name("partner", partner["id"])
    return partner
