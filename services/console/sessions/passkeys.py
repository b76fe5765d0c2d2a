"""Passkeys, by WebAuthn (Level 2): a device signs a challenge for this address only, so nothing can be guessed or phished."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.console.accounts.model import Account, Passkey
from services.console.sessions.begin import begin
from services.console.sessions.model import CHALLENGE_FOR, Challenge
from services.console.sessions.proving import DOOR
from services.console.sessions.store import hash_of

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context

_NAME = "Desk"
_VERIFIED = UserVerificationRequirement.REQUIRED
_NO_PROOF = (WebAuthnException, ValueError, TypeError, KeyError)
"""What the library raises for anything that a browser did not make and sign for this challenge and address."""


@dataclass(frozen=True)
class Site:
    """The address of the console, which passkeys are bound to."""

    origin: str

    @property
    def host(self) -> str:
        """The name that a passkey is for."""
        return urlsplit(self.origin).hostname or ""


def ask_to_sign_in(parts: ConsoleParts) -> dict[str, Any]:
    """Return what a browser needs to sign in with a passkey of any account."""
    options = webauthn.generate_authentication_options(rp_id=parts.site.host, user_verification=_VERIFIED)
    _keep(parts, options.challenge, None)
    return _plain(options)


def ask_to_add(parts: ConsoleParts, account: Account) -> dict[str, Any]:
    """Return what a browser needs to make a passkey for this account."""
    options = webauthn.generate_registration_options(
        rp_id=parts.site.host,
        rp_name=_NAME,
        user_name=account.id,
        user_id=account.id.encode(),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in account.passkeys],
    )
    _keep(parts, options.challenge, account.id)
    return _plain(options)


def sign_in_by_passkey(parts: ConsoleParts, given: Any, device: str) -> str | None:
    """Return the token of a new session, or None for anything but a good signature of a known passkey."""
    return parts.run(lambda ctx: _sign_in(ctx, parts.site, given, device))


def read_new(ctx: Context, site: Site, given: Any, account_id: str, name: str) -> Passkey | None:
    """Return the passkey that a browser has made, or None for anything else. Its challenge is used with this unit."""
    challenge = _used(ctx, given, account_id)
    if challenge is None:
        return None
    try:
        made = webauthn.verify_registration_response(**_expected(site, given, challenge))
    except _NO_PROOF:
        return None
    key, public = bytes_to_base64url(made.credential_id), bytes_to_base64url(made.credential_public_key)
    return Passkey(key, public, made.sign_count, name, ctx.now)


def _sign_in(ctx: Context, site: Site, given: Any, device: str) -> str | None:
    challenge = _used(ctx, given, None)
    account = ctx.accounts.of_passkey(str(given.get("id"))) if challenge is not None else None
    known = account.passkey(str(given["id"])) if account is not None and account.is_open else None
    if challenge is None or account is None or known is None:
        return None
    try:
        signed = webauthn.verify_authentication_response(
            **_expected(site, given, challenge),
            credential_public_key=base64url_to_bytes(known.public_key),
            credential_current_sign_count=known.sign_count,
        )
    except _NO_PROOF:
        ctx.audit("sign_in.refused", subject=account.id, actor=DOOR, detail={"method": "passkey"})
        return None
    account.used_passkey(known.id, signed.new_sign_count, ctx.now)
    return begin(ctx, account, "passkey", device)


def _expected(site: Site, given: Any, challenge: bytes) -> dict[str, Any]:
    """Return what every answer of a browser is verified by."""
    return {
        "credential": given, "expected_challenge": challenge, "expected_rp_id": site.host, "expected_origin": site.origin,
        "require_user_verification": True,
    }  # fmt: skip


def _keep(parts: ConsoleParts, challenge: bytes, account_id: str | None) -> None:
    parts.run(lambda ctx: ctx.challenges.save(Challenge(hash_of(challenge), ctx.now + CHALLENGE_FOR, account_id)))


def _used(ctx: Context, given: Any, account_id: str | None) -> bytes | None:
    """Return the challenge that an answer names, if it waits for this purpose; with this unit it does not wait any more."""
    try:
        signed = json.loads(base64url_to_bytes(given["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(signed["challenge"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    known = ctx.challenges.get(hash_of(challenge))
    if known is None or not known.is_open(ctx.now, account_id):
        return None
    ctx.challenges.use(known)
    return challenge


def _plain(options: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made
