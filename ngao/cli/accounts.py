"""Account files: what an outsider's system is given, in a folder of its own, to be handed over and then removed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ngao.broker.onboarding import AccountFile, account_name
from ngao.chassis.errors import Misconfigured
from ngao.deployment.authority import Authority
from ngao.deployment.files import write_whole
from ngao.deployment.folder import SecretsFolder
from ngao.deployment.renewal import outsiders_authority
from ngao.local.home import Home

_BROKER_FILE, _KEY_FILE, _CA_FILE = "broker.secret", "http.secret", "ca.pem"
_PAIR = {"cert_file": "cert.pem", "key_file": "key.pem"}


def keep_key(kind: str, outsider_id: str, key: str | None) -> Path | None:
    """Keep a new HTTP key beside the account, at once: the service cannot show it again. Gives its file, None without a key."""
    if not key:
        return None
    file = _made(folder_of(kind, outsider_id)) / _KEY_FILE
    write_whole(file, key + "\n")
    return file


def write_account(account: AccountFile, *, http_url: str | None, seal_to: Mapping[str, str] | None = None) -> Path:
    """Write `account.json` with its secrets beside it, each readable by the owner only; gives back the folder.

    `http_url` is where the outsider reaches its service, None when it cannot; `seal_to` is intake's public key (`key_id`,
    `public_key`), for a source that posts over AMQP. Where TLS is spoken, the authorities to trust are added, and a client
    certificate when the deployment's own authority is at hand.
    """
    folder = _made(folder_of(account.kind, account.id))
    write_whole(folder / _BROKER_FILE, account.password + "\n")
    trusted, pair = _write_trusted(folder), _write_pair(folder, account.username)
    content: dict[str, Any] = {**account.as_dict(password_file=_BROKER_FILE), **trusted, **pair}
    if http_url is not None:
        content["http"] = {"url": http_url, "key_file": _KEY_FILE, **trusted}
    if seal_to is not None:
        content["seal_to"] = {name: seal_to[name] for name in ("key_id", "public_key")}
    write_whole(folder / "account.json", json.dumps(content, indent=2) + "\n")
    return folder


def write_certificate(kind: str, outsider_id: str) -> str:
    """A new client certificate beside the account, with the authorities to trust; gives what is to be done with it.

    Raises Misconfigured where TLS is not spoken or the authority's key is not here.
    """
    name = account_name(kind, outsider_id)
    if not os.environ.get("NGAO_CA_FILE"):
        raise Misconfigured("Certificates are for a deployment with TLS: name its authorities in NGAO_CA_FILE.")
    if _authority() is None:
        raise Misconfigured(f"The authority's key is not here. {_AT_HAND}")
    folder = _made(folder_of(kind, outsider_id))
    _write_trusted(folder)
    _write_pair(folder, name)
    return f"{_CA_FILE}, cert.pem and key.pem are in {folder}; hand them over on a safe way, in place of those of the same name."


def folder_of(kind: str, outsider_id: str) -> Path:
    """Where an outsider's account is written."""
    return Home.from_environment().root / "accounts" / f"{kind}-{outsider_id}"


def sentence(folder: Path | None, key_file: Path | None) -> str:
    """What the operator does next. A key itself is never shown: terminals keep what they show."""
    lines = [f"Its HTTP key is in {key_file}."] if key_file else []
    if folder:
        lines.append(f"Its account is in {folder}; hand the folder over on a safe way, then remove it.")
    if folder and (folder / _CA_FILE).exists() and not (folder / _PAIR["cert_file"]).exists():
        lines.append(f"It has no client certificate yet, because the authority's key is not here. {_AT_HAND}")
    return "\n".join(lines) or "Changed; its keys and accounts stay as they are."


_AT_HAND = "Run `ngao partner certificate ID` or `ngao source certificate ID` where NGAO_SECRETS names the whole secrets folder."


def _write_trusted(folder: Path) -> dict[str, str]:
    """The authorities that the commands here trust, for the outsider to trust too; what the account says of them."""
    ca_file = os.environ.get("NGAO_CA_FILE")
    if not ca_file:
        return {}
    write_whole(folder / _CA_FILE, Path(ca_file).read_text("utf-8"), 0o644)
    return {"ca_file": _CA_FILE}


def _write_pair(folder: Path, name: str) -> dict[str, str]:
    authority = _authority()
    if authority is None or not os.environ.get("NGAO_CA_FILE"):
        return {}
    pair = authority.client(name)
    write_whole(folder / _PAIR["key_file"], pair.key)
    write_whole(folder / _PAIR["cert_file"], pair.certificate, 0o644)
    return dict(_PAIR)


def _authority() -> Authority | None:
    named = os.environ.get("NGAO_SECRETS")
    secrets = SecretsFolder(Path(named)) if named else None
    return outsiders_authority(secrets) if secrets else None


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
