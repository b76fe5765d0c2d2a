"""An organisation's sign-in service: OpenID Connect with the code flow and PKCE, over HTTP, with keys of its own.

It signs in at every visit, as `subject`. A test makes it wrong by what it sets.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "desk", "invented-client-secret-of-forty-characters"


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Organisation:
    """Start it with `with`. `claims` replace those of the next tokens; `signs_with` is another key or algorithm."""

    subject: str = "person-1"
    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=_key)
    signs_with: tuple[Any, str] | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        organisation = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                organisation._get(self)

            def do_POST(self) -> None:
                organisation._token(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}/realm"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def visit(self, address: str) -> dict[str, str]:
        """Do what a browser does there: return what it brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = secrets.token_urlsafe(16)
        self.asked[code] = asked
        return {"code": code, "state": asked["state"]}

    def _get(self, handler: Any) -> None:
        if handler.path == "/realm/.well-known/openid-configuration":
            _send(handler, 200, {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"], "response_types_supported": ["code"],
            })  # fmt: skip
        elif handler.path == "/realm/keys":
            public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
            _send(handler, 200, {"keys": [{**public, "kid": "1", "use": "sig", "alg": "RS256"}]})
        elif handler.path.startswith("/realm/authorize?"):
            brought = self.visit(handler.path)
            back = self.asked[brought["code"]]["redirect_uri"]
            handler.send_response(302)
            handler.send_header("Location", f"{back}?{urlencode(brought)}")
            handler.end_headers()
        else:
            _send(handler, 404, {})

    def _token(self, handler: Any) -> None:
        typed = parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        asked = self.asked.pop(typed["code"][0], None)
        given = base64.b64decode(handler.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        digest = hashlib.sha256(typed.get("code_verifier", [""])[0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or given != f"{CLIENT}:{SECRET}" or challenge != asked["code_challenge"]:
            _send(handler, 400, {"error": "invalid_grant"})
            return
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": self.subject, "iat": now, "exp": now + 60, "nonce": asked["nonce"],
            **self.claims,
        }  # fmt: skip
        key, algorithm = self.signs_with or (self.key, "RS256")
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "1"})
        _send(handler, 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token})


def _send(handler: Any, status: int, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
