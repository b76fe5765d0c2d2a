"""Account files: what an outsider's system is given, in a folder of its own, to be handed over and then removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ngao.chassis.messaging.onboarding import AccountFile
from ngao.deployment.files import write_whole
from ngao.local.home import Home

_BROKER_FILE, _KEY_FILE = "broker.secret", "http.secret"


def keep_key(kind: str, outsider_id: str, key: str | None) -> None:
    """Keep a new HTTP key beside the account, at once: nobody can be told it again."""
    if key:
        write_whole(_made(folder_of(kind, outsider_id)) / _KEY_FILE, key + "\n")


def write_account(account: AccountFile, *, http_url: str, seal_to: Mapping[str, str] | None = None) -> Path:
    """Write `account.json` with its secrets beside it, each readable by the owner only; gives back the folder.

    `seal_to` is intake's public key (`key_id`, `public_key`), for a source that posts over AMQP.
    """
    folder = _made(folder_of(account.kind, account.id))
    write_whole(folder / _BROKER_FILE, account.password + "\n")
    content: dict[str, Any] = account.as_dict(password_file=_BROKER_FILE)
    content["http"] = {"url": http_url, "key_file": _KEY_FILE}
    if seal_to is not None:
        content["seal_to"] = {name: seal_to[name] for name in ("key_id", "public_key")}
    write_whole(folder / "account.json", json.dumps(content, indent=2) + "\n")
    return folder


def folder_of(kind: str, outsider_id: str) -> Path:
    """Where an outsider's account is written."""
    return Home.from_environment().root / "accounts" / f"{kind}-{outsider_id}"


def sentence(folder: Path | None, answer: Mapping[str, Any] | None) -> str:
    """What the operator does next."""
    key = (answer or {}).get("key")
    lines = [f"Its HTTP key, shown this once: {key}"] if key else []
    if folder:
        lines.append(f"Its account is in {folder}; hand the folder over on a safe way, then remove it.")
    return "\n".join(lines) or "Changed; its keys and accounts stay as they are."


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
