"""Account files: what an outsider's system is given, in a folder of its own, to be handed over and then removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ngao.chassis.messaging.onboarding import AccountFile
from ngao.local.home import Home, write_whole


def write_account(account: AccountFile, *, http_url: str, key: str | None) -> Path:
    """Write `account.json` with its secrets beside it, each readable by the owner only; gives back the folder."""
    folder = folder_of(account.kind, account.id)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    content: dict[str, Any] = account.as_dict(password_file="broker.secret")  # noqa: S106 - a file's name
    if key:
        write_key(folder, key)
    if (folder / "http.secret").exists():
        content["http"] = {"url": http_url, "key_file": "http.secret"}
    write_whole(folder / "broker.secret", account.password + "\n")
    write_whole(folder / "account.json", json.dumps(content, indent=2) + "\n")
    return folder


def write_key(folder: Path, key: str) -> None:
    """Keep the HTTP key beside the account."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "http.secret", key + "\n")


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
