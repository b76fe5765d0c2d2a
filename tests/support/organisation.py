"""An organisation's sign-in service: OpenID Connect with the code flow and PKCE, over HTTP, with keys of its own.

It is a process of its own, because what a test's process has imported may have changed how threads and sockets work there. It
signs in at every visit, as `subject`. A test makes it wrong by what it sets.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import http.server
import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from ngao.testing.processes import ROOT

CLIENT, SECRET = "desk", "invented-client-secret-of-forty-characters"


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Organisation:
    """The service as a test uses it: start it with `with`."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.organisation"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        self.issuer = f"http://127.0.0.1:{self._port}/realm"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)

    def set(self, **changes: Any) -> None:
        """Change the next tokens: `subject`, `claims` that replace others, `signs_with`: `another`, `shared` or `none`."""
        assert self._ask("POST", "/set", json.dumps(changes))[0] == 200

    def visit(self, address: str) -> dict[str, str]:
        """Do what a browser does there: return what it brings back."""
        asked = urlsplit(address)
        status, location = self._ask("GET", f"{asked.path}?{asked.query}")
        assert status == 302
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "")
        finally:
            connection.close()


@dataclass
class _Running:
    """The process: what it says, and which codes it has given."""

    subject: str = "person-1"
    claims: dict[str, Any] = field(default_factory=dict)
    signs_with: str = ""
    key: Any = field(default_factory=_key)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def serve(self) -> None:
        running = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                running._get(self)

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.path == "/set":
                    running.__dict__.update(json.loads(content))
                    _send(self, 200, {})
                else:
                    running._token(self, content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{server.server_address[1]}/realm"
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()

    def _visit(self, address: str) -> dict[str, str]:
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
            brought = self._visit(handler.path)
            back = self.asked[brought["code"]]["redirect_uri"]
            handler.send_response(302)
            handler.send_header("Location", f"{back}?{urlencode(brought)}")
            handler.end_headers()
        else:
            _send(handler, 404, {})

    def _token(self, handler: Any, content: str) -> None:
        typed = parse_qs(content)
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
        others = {"another": (_key(), "RS256"), "shared": (SECRET, "HS256"), "none": (None, "none")}
        key, algorithm = others.get(self.signs_with, (self.key, "RS256"))
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "1"})
        _send(handler, 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token})


def _send(handler: Any, status: int, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


if __name__ == "__main__":
    _Running().serve()
