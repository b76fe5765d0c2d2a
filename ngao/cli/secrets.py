"""`ngao secrets`: what a deployment keeps from everyone else, made and changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ngao.cli import rotate
from ngao.cli.output import say
from ngao.cli.places import folder_at
from ngao.deployment.environment import PLAIN, TLS, wire_of, write_both
from ngao.deployment.making import Wish, make
from ngao.local.home import REPOSITORY

app = typer.Typer(no_args_is_help=True, help="A deployment's passwords, keys and certificates, in a folder that git never sees.")
app.add_typer(rotate.app, name="rotate")

Directory = Annotated[Path | None, typer.Option(help="The folder; else NGAO_SECRETS, else `secrets` beside docker-compose.yml.")]
EnvFile = Annotated[Path, typer.Option(help="The file of variables that compose reads; its other lines are kept.")]
Tls = Annotated[bool | None, typer.Option("--tls/--no-tls", help="TLS everywhere, or nowhere; else as .env says, else TLS.")]


@app.command()
def init(directory: Directory = None, tls: Tls = None, host: rotate.Host = None, env_file: EnvFile = REPOSITORY / ".env") -> None:
    """Make what is missing of passwords, keys, certificates and lists of operators; what is there is never touched.

    Needs root, because each file is given to the user of the container that reads it. Keep a copy of the folder where only
    you can reach it: without its keys, nobody can read what the services have sealed.
    """
    wire = wire_of(env_file) or TLS if tls is None else TLS if tls else PLAIN
    folder = folder_at(directory)
    made = make(folder, Wish(tls=wire == TLS, hosts=tuple(host or ())))
    outside = write_both(folder, env_file.absolute(), host or (), wire)
    say(f"{len(made)} files made in {folder.root}." if made else f"Nothing was missing in {folder.root}.")
    say(f"Outside, intake is called {outside}; NGAO_PUBLIC_URL in {env_file} changes that.")

