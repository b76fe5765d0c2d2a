"""The organisation's sign-in service, asked by OpenID Connect Core 1.0: code flow with PKCE (RFC 7636), by Authlib.

It says who a person is and nothing of what they may do. `state`, `nonce` and the verifier are in the browser's signed cookie.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, session
from joserfc.errors import JoseError

from ngao.chassis.errors import Unavailable
from services.console.settings import OrganisationSettings

ANSWER_S = 6
LONGEST_SUBJECT = 255
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that are accepted: by a private key of the organisation, never by a secret that we share, and never none."""

_NAME = "organisation"
_BEGUN = f"_state_{_NAME}_"
"""How the library names what a cookie has of one way to the organisation."""
_ALGORITHMS = "id_token_signing_alg_values_supported"
_NOT_SIGNED_IN = (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, RuntimeError)
"""What the library raises for a code, a token or an answer that is not the one that was asked for."""


class Organisation:
    """The one organisation whose accounts sign in here. `host` is the name that a person is shown before they are sent there."""

    def __init__(self, app: Flask, settings: OrganisationSettings) -> None:
        self.host = urlsplit(settings.issuer).hostname or ""
        self._issuer = settings.issuer.rstrip("/")
        self._client = OAuth(app).register(
            _NAME,
            client_id=settings.client_id,
            client_secret=settings.secret,
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid", "code_challenge_method": "S256", "default_timeout": ANSWER_S},
        )

    def address(self, back: str) -> str:
        """Return where a browser has to go to sign in; it comes back to the address `back`. Raises Unavailable.

        Of the ways that it began and did not come back from, only the last one is remembered: a browser keeps no longer cookie.
        """
        self._know()
        begun = sorted((name for name in session if name.startswith(_BEGUN)), key=lambda name: float(session[name]["exp"]))
        for name in begun[:-1]:
            session.pop(name)
        return str(self._client.authorize_redirect(back).location)

    def subject(self) -> str | None:
        """Return a hash that stands for the person, by the code of this request; None for anything that proves nothing.

        Raises Unavailable.
        """
        self._know()
        try:
            claims = self._client.authorize_access_token().get("userinfo")
        except requests.RequestException:
            raise Unavailable("The organisation's sign-in service does not answer.") from None
        except _NOT_SIGNED_IN:
            return None
        subject = claims.get("sub") if claims else None
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            return None
        return sha256(f"{self._issuer}\n{subject}".encode()).hexdigest()

    def _know(self) -> None:
        """Read once what the service says of itself. It must be the one of the settings."""
        try:
            known: dict[str, Any] = self._client.load_server_metadata()
        except (requests.RequestException, ValueError):
            raise Unavailable("The organisation's sign-in service does not answer.") from None
        if str(known.get("issuer", "")).rstrip("/") != self._issuer:
            known.pop("_loaded_at", None)
            raise Unavailable("The organisation's sign-in service says that it is another one than the settings name.")
        known[_ALGORITHMS] = [each for each in known.get(_ALGORITHMS) or ["RS256"] if each in SIGNED_BY]
