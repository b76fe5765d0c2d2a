"""Translate the store's errors for its callers: another writer was first, it is away, or it refuses."""

from __future__ import annotations

from pymongo.errors import ConnectionFailure, DuplicateKeyError, ExecutionTimeout, OperationFailure, PyMongoError

from ngao.chassis.errors import Conflict, StoreRefused, Unavailable

_DUPLICATE = 11000
_CONFLICTS = frozenset({112, 251})
_AWAY = frozenset({6, 7, 13, 18, 50, 64, 89, 91, 100, 189, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436})
"""Not the write's fault: no primary, shutting down, timed out, majority missing, or this account has lost its rights."""


def meaning_of(error: PyMongoError) -> Exception:
    """Return Conflict, Unavailable or StoreRefused; what is no refusal of a write counts as a store that is unavailable.

    Only the code is shown, because the server's own message may quote a document.
    """
    if isinstance(error, ConnectionFailure | ExecutionTimeout):
        return Unavailable("The store does not answer.")
    if not isinstance(error, OperationFailure):
        return Unavailable(f"The store refused ({type(error).__name__}).")
    codes = {each.get("code") for each in (error.details or {}).get("writeErrors", [])}
    if isinstance(error, DuplicateKeyError) or _DUPLICATE in codes:
        return Conflict("A record with this key exists already.")
    if error.has_error_label("TransientTransactionError") or error.code in _CONFLICTS:
        return Conflict("The record was being changed by someone else.")
    if error.has_error_label("RetryableWriteError") or error.code in _AWAY:
        return Unavailable(f"The store cannot take writes now (code {error.code}).")
    return StoreRefused(f"The store refused (code {error.code}).")
