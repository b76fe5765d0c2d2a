"""Account files: the credentials of a source or partner, in a folder to hand over and then remove."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ngao.broker.onboarding import AccountFile, account_name
from ngao.chassis.errors import Misconfigured
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.authority import Authority
from ngao.deployment.rotate_certificates import outsiders_authority
from ngao.deployment.secrets_folder import SecretsFolder
from ngao.local.home import Home

_BROKER_FILE, _KEY_FILE, _CA_FILE = "broker.secret", "http.secret", "ca.pem"
_PAIR = {"cert_file": "cert.pem", "key_file": "key.pem"}


def save_key(kind: str, outsider_id: str, key: str | None) -> Path | None:
    """Save a new HTTP key beside the account, because the service shows it only once. Return its file, or None without a key."""
    if not key:
        return None
    file = _folder_of(kind, outsider_id) / _KEY_FILE
    write_whole(file, key + "\n")
    return file


def write_account(account: AccountFile, *, http_url: str | None, seal_to: Mapping[str, str] | None = None) -> Path:
    """Write `account.json` with its secrets beside it, each readable by the owner only. Return the folder.

    `http_url` is the address of the service as the outsider reaches it, or None if it has none. `seal_to` is intake's public key
    (`key_id`, `public_key`), for a source that posts over AMQP. With TLS, the folder also gets the authorities to trust. It gets
    a client certificate if the key of the deployment's own authority is available.
    """
    folder = _folder_of(account.kind, account.id)
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
    """Write a new client certificate and the authorities to trust beside the account. Return the next step for the operator.

    Raises Misconfigured without TLS, or if the authority's key is not available.
    """
    name = account_name(kind, outsider_id)
    if not os.environ.get("NGAO_CA_FILE"):
        raise Misconfigured("Client certificates need TLS. Set NGAO_CA_FILE to the authorities of the deployment.")
    if _authority() is None:
        raise Misconfigured(f"The authority's key is not available here. {_AT_HAND}")
    folder = _folder_of(kind, outsider_id)
    _write_trusted(folder)
    _write_pair(folder, name)
    return f"Wrote {_CA_FILE}, cert.pem and key.pem to {folder}. Send them over a secure channel; they replace the old files."


def next_steps(folder: Path | None, key_file: Path | None) -> str:
    """Return the next steps for the operator. The key itself is never printed, because terminals keep their output."""
    lines = [f"HTTP key: {key_file}."] if key_file else []
    if folder:
        lines.append(f"Account: {folder}. Send the folder over a secure channel, then remove it.")
    if folder and (folder / _CA_FILE).exists() and not (folder / _PAIR["cert_file"]).exists():
        lines.append(f"The account has no client certificate, because the authority's key is not available here. {_AT_HAND}")
    return "\n".join(lines) or "Updated. Keys and accounts are unchanged."


_AT_HAND = "Run `ngao partner certificate ID` or `ngao source certificate ID` where NGAO_SECRETS is the complete secrets folder."


def _write_trusted(folder: Path) -> dict[str, str]:
    """Copy the authorities that these commands trust into the folder. Return their entry in the account file."""
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
    secrets = os.environ.get("NGAO_SECRETS")
    return outsiders_authority(SecretsFolder(Path(secrets))) if secrets else None


def _folder_of(kind: str, outsider_id: str) -> Path:
    """Return the folder of an outsider's account, closed to other users."""
    folder = Home.from_environment().root / "accounts" / f"{kind}-{outsider_id}"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
