"""A container's health check: `python -m ngao.healthy [SETTINGS.toml]` asks the service beside it whether it is ready.

Standard library only, so that it starts in a tenth of a second and needs neither a shell nor curl in the image. It reads the
port and the certificates from the service's own settings, prints in one line what is missing, and exits with 0 or 1.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import tomllib
from pathlib import Path
from typing import Any

SETTINGS = Path("/etc/ngao/service.toml")
_HERE = "127.0.0.1"
_WITHIN_S = 5.0


def ask(settings: Path) -> tuple[bool, str]:
    """Return whether the service is ready, and one line with the reason."""
    try:
        connection = _connection(tomllib.loads(settings.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return False, f"The settings file {settings} cannot be used ({type(error).__name__})."
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status == 200, _sentence(answer.status, answer.read())
    except (OSError, http.client.HTTPException) as error:
        return False, f"The service does not answer ({type(error).__name__})."
    finally:
        connection.close()


def _connection(settings: dict[str, Any]) -> http.client.HTTPConnection:
    """Connect and verify the service's certificate, as every client does: with an expired one the service is not healthy."""
    http_settings = settings["http"]
    port = int(http_settings.get("inside_port") or http_settings["port"])
    if not http_settings.get("cert_file"):
        return http.client.HTTPConnection(_HERE, port, timeout=_WITHIN_S)
    context = ssl.create_default_context(cafile=settings["broker"]["ca_file"])
    return http.client.HTTPSConnection(_HERE, port, timeout=_WITHIN_S, context=context)


def _sentence(status: int, body: bytes) -> str:
    if status == 200:
        return "ready"
    try:
        checks = json.loads(body)["checks"].items()
        missing = [f"{name}: {says}" for name, says in checks if says != "ok"]
    except (ValueError, KeyError, AttributeError, TypeError):
        missing = []
    return "; ".join(missing) or f"The service answers with status {status}."


def main(arguments: list[str]) -> int:
    """Return 0 if the service is ready, else 1."""
    ready, sentence = ask(Path(arguments[0]) if arguments else SETTINGS)
    sys.stdout.write(sentence + "\n")
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
