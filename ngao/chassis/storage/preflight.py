"""Check the store against its service's needs; every error names the remedy."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.chassis.settings import StoreSettings
from ngao.chassis.starting import system_reason
from ngao.chassis.storage.connection import client_options

OLDEST = (6, 0)
"""The oldest MongoDB that the tests run on."""

RESTORES = "restores"
"""A restore of this database from a backup, and whether it finished."""

_LOOK_MS = 3000
_WRONG_CREDENTIALS = frozenset({18, 8000})
_NO_RIGHT = 13
_REASON = re.compile(r"\[Errno (?P<number>-?\d+)\]|(?P<text>timed out)|\[SSL: (?P<tls>\w+)\]")
_TLS_NEVER = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "Hostname mismatch", "IP address mismatch")


def require_store(settings: StoreSettings, *, whole: bool = True) -> str:
    """Return the store's version, once its primary takes this account's commands and, where `whole`, no restore is half done.

    Raises Unavailable when waiting may help, Misconfigured when it cannot.
    """
    options = {**client_options(settings), "serverSelectionTimeoutMS": min(_LOOK_MS, settings.timeout_ms)}
    client: MongoClient[dict[str, Any]] = MongoClient(f"mongodb://{settings.hosts}/{settings.database}", **options)
    try:
        client[settings.database].list_collection_names()
        half = whole and client[settings.database][RESTORES].find_one({"ended_at": None})
        version = str(client.server_info()["version"])
    except OperationFailure as error:
        raise _refused(settings, error) from None
    except PyMongoError as error:
        raise _not_there(settings, client, error) from None
    finally:
        client.close()
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise Misconfigured(f"{_name(settings)} is MongoDB {version}; Ngao needs {OLDEST[0]}.{OLDEST[1]} or later.")
    if half:
        way_out = "repeat it with `ngao restore --replace` before anything starts."
        raise Misconfigured(f"A restore into {settings.database} at {settings.hosts} was interrupted: {way_out}")
    return version


def with_accepted_password(settings: StoreSettings) -> StoreSettings:
    """Return the settings with the password that the store accepts; asks it only while there are two. Raises Unavailable."""
    if settings.password_before is None:
        return settings
    try:
        require_store(settings, whole=False)
    except Misconfigured:  # if the one before is no better, the start says so
        return replace(settings, password=settings.password_before, password_before=None)
    return settings


def _refused(settings: StoreSettings, error: OperationFailure) -> Exception:
    account = settings.username or "nobody"
    if error.code in _WRONG_CREDENTIALS:
        way_out = "is store.password_file the one that the account was made with?"
        return Misconfigured(f"{_name(settings)} refuses the name or the password of {account}: {way_out}")
    if error.code == _NO_RIGHT:
        return Misconfigured(f"{_name(settings)} gives {account} no right to the database {settings.database}.")
    return Unavailable(f"{_name(settings)} refuses commands now (code {error.code}).")


def _not_there(settings: StoreSettings, client: MongoClient[dict[str, Any]], error: PyMongoError) -> Exception:
    servers = client.topology_description.server_descriptions().values()
    if not servers:
        wanted = f"calls its replica set by another name than {settings.replica_set}"
        return Misconfigured(f"{_name(settings)} {wanted}: set store.replica_set to the name that it has.")
    if any(each.server_type_name == "RSGhost" for each in servers):
        return Unavailable(f"{_name(settings)} is no member of a replica set yet: it is made when the store is set up.")
    reported = next((str(each.error) for each in servers if each.error), "")
    if any(word in reported for word in _TLS_NEVER):
        way_out = "does it speak TLS, and is store.ca_file the authority that signed its certificate for this name?"
        return Misconfigured(f"{_name(settings)} and this side do not agree on TLS ({_reason(reported)}): {way_out}")
    if not reported:
        return Unavailable(f"{_name(settings)} has no primary now.")
    return Unavailable(f"{_name(settings)} does not answer ({_reason(reported) or type(error).__name__}).")


def _reason(reported: str) -> str:
    found = _REASON.search(reported)
    if found is None:
        return ""
    return system_reason(int(found["number"])) if found["number"] else found["text"] or found["tls"]


def _name(settings: StoreSettings) -> str:
    return f"The store at {settings.hosts}"
