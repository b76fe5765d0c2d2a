"""`ngao source`: the systems that may post reports."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ngao.broker.onboarding import account_name, is_onboarded, onboard, revoke
from ngao.cli.accounts import next_steps, save_key, write_account, write_certificate
from ngao.cli.api_client import Url, operator
from ngao.cli.brokers import edge, management, public_url
from ngao.cli.output import AsJson, echo, show

app = typer.Typer(no_args_is_help=True, help="Systems that post reports: forms, SMS flows, help desks, case systems.")

SourceId = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, such as `hotline`.")]


@app.command()
def add(
    source_id: SourceId,
    profile: Annotated[str | None, typer.Option(help="A mapping profile for its own format: deploy/policy/profiles.")] = None,
    rate: Annotated[float | None, typer.Option(help="Requests per second. Default: the limit of the service.")] = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Give an existing source a new key and broker password.")] = False,
    url: Url = None,
) -> None:
    """Let a system post reports over HTTP and AMQP. Its secrets are written to its account folder.

    Run it again to change the profile or rate of an existing source. `--new-key` creates new secrets; the previous HTTP key stays
    valid, so that the source can change over without a gap.
    """
    account_name("source", source_id)
    intake, address = operator("intake", url), edge()
    body: dict[str, Any] = {"enabled": True, "new_key": new_key}
    body |= {name: value for name, value in (("profile", profile), ("rate_per_second", rate)) if value is not None}
    answer = intake.put(f"/v1/sources/{source_id}", body)
    key_file = save_key("source", source_id, answer.get("key"))
    folder = None
    with management() as broker:
        if new_key or answer.get("key") or not is_onboarded(broker, address.vhost, "source", source_id):
            seal_to = intake.get("/v1/sealing-key")
            account = onboard(broker, address, "source", source_id)
            folder = write_account(account, http_url=public_url("NGAO_EDGE_HTTP") or intake.url, seal_to=seal_to)
    echo(next_steps(folder, key_file))


@app.command()
def certificate(source_id: SourceId) -> None:
    """Create a new client certificate for the broker, because the old one expires or is lost. The account stays the same."""
    echo(write_certificate("source", source_id))


@app.command("list")
def list_sources(url: Url = None, as_json: AsJson = False) -> None:
    """List every source."""
    rows = operator("intake", url).get("/v1/sources")["sources"]
    columns = ("source_id", "enabled", "profile", "rate_per_second", "created_at")
    show(rows, columns, as_json=as_json, none="No sources yet. Add one with `ngao source add`.")


@app.command()
def disable(source_id: SourceId, url: Url = None) -> None:
    """Disable a source immediately: its key and its broker account stop working, and its connections are closed."""
    account_name("source", source_id)
    intake = operator("intake", url)
    known = intake.get(f"/v1/sources/{source_id}")
    kept = {name: known[name] for name in ("profile", "rate_per_second") if known.get(name) is not None}
    intake.put(f"/v1/sources/{source_id}", {**kept, "enabled": False})
    with management() as broker:
        revoke(broker, "source", source_id)
    echo(f"Disabled {source_id}. To enable it again run `ngao source add {source_id} --new-key`.")
