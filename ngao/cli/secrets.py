"""`ngao secrets`: create and replace the secrets of a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ngao.cli import rotate
from ngao.cli.locations import folder_at
from ngao.cli.output import echo
from ngao.deployment.environment import PLAIN, TLS, wire_of, write_both
from ngao.deployment.init_secrets import make
from ngao.local.home import REPOSITORY

app = typer.Typer(no_args_is_help=True, help="A deployment's passwords, keys and certificates, in a folder outside git.")
app.add_typer(rotate.app, name="rotate")

Directory = Annotated[
    Path | None, typer.Option(help="The folder. Default: NGAO_SECRETS, else `secrets` beside the compose file.")
]
EnvFile = Annotated[Path, typer.Option(help="The file of variables for compose. Its other lines are kept.")]
Tls = Annotated[bool | None, typer.Option("--tls/--no-tls", help="TLS everywhere, or nowhere. Default: as in .env, else TLS.")]


@app.command()
def init(directory: Directory = None, tls: Tls = None, host: rotate.Host = None, env_file: EnvFile = REPOSITORY / ".env") -> None:
    """Create missing passwords, keys, certificates and lists of operators. Existing files are never changed.

    Needs root, because each file belongs to the user of the container that reads it. Store a copy of the folder where only you
    have access: without its keys, the sealed data of the services is unreadable.
    """
    wire = wire_of(env_file) or TLS if tls is None else TLS if tls else PLAIN
    folder = folder_at(directory)
    made = make(folder, tls=wire == TLS, hosts=host or ())
    outside = write_both(folder, env_file.absolute(), host or (), wire)
    echo(f"Created {len(made)} files in {folder.root}." if made else f"Nothing to do: {folder.root} is complete.")
    echo(f"The public address of intake is {outside}. NGAO_PUBLIC_URL in {env_file} changes it.")
