"""Calls to a service's HTTP interface as an operator. A refusal becomes one message."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import requests
import typer

from ngao.chassis.errors import Misconfigured, NgaoError, Unavailable
from ngao.chassis.security.identity import parse
from ngao.chassis.settings import read_secret
from ngao.deployment.naming import SERVICES
from ngao.local.home import Home

Url = Annotated[str | None, typer.Option(help="The address of the service. Default: `NGAO_URL_<SERVICE>`, else this machine's.")]
OneService = Annotated[str | None, typer.Option("--service", help=f"One of {', '.join(SERVICES)}. Default: all.")]
OldService = Annotated[str | None, typer.Argument(hidden=True)]
"""The service without its option, as commands took it in 0.1; it goes with the next version."""
Service = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]
Reason = Annotated[str, typer.Option(help="Why. Recorded in the audit trail: never a person's name.")]

TIMEOUT_S = 30


class Refused(NgaoError):
    """The service refused the request; the message is its problem document in one sentence."""

    slug = "refused"


class Waits(NgaoError):
    """The service accepted the request, but another operator must approve it first."""

    slug = "waits"


@dataclass(frozen=True)
class Operator:
    """One service, and the key to call it with."""

    service: str
    url: str
    key: str = field(repr=False)

    @property
    def caller(self) -> str:
        """The id of the operator whose key it is. Raises Misconfigured."""
        found = parse(f"Bearer {self.key}")
        if found is None:
            raise Misconfigured("The file of the operator's key holds no key. Ask for a new one: `ngao operator add`.")
        return found[1]

    def get(self, path: str, **query: Any) -> Any:
        """Send a GET request. A query value of None is left out. Raises Refused, Unavailable."""
        return self._call("GET", path, query=query)

    def put(self, path: str, body: Any) -> Any:
        """Create or replace a resource. Raises Refused, Unavailable, Waits."""
        return self._call("PUT", path, body=body)

    def post(self, path: str, body: Any) -> Any:
        """Send a POST request. Raises Refused, Unavailable, Waits."""
        return self._call("POST", path, body=body)

    def delete(self, path: str, **query: Any) -> Any:
        """Delete a resource. Raises Refused, Unavailable, Waits."""
        return self._call("DELETE", path, query=query)

    def _call(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        with open_session() as session:
            headers = {"Authorization": f"Bearer {self.key}"}
            try:
                answer = session.request(method, self.url + path, json=body, params=query, headers=headers, timeout=TIMEOUT_S)
            except requests.RequestException as error:
                raise Unavailable(f"{self.url} does not answer ({type(error).__name__}). Run `ngao status`.") from None
        if answer.status_code >= 400:
            raise Refused(_sentence(answer))
        content = answer.json() if answer.content else None
        if answer.status_code == 202 and content and "expires_at" in content:
            raise Waits(_waits(self.service, content, again=method == "PUT"))
        return content


def operator(service: str, url: str | None = None) -> Operator:
    """Return a client for a service: from an option, the environment, or this machine's platform. Raises Misconfigured."""
    require_service(service)
    address = url or address_of(service)
    if not address:
        raise Misconfigured(f"No address of {service} is known. Run `ngao up`, or give --url or NGAO_URL_{service.upper()}.")
    return Operator(service, address.rstrip("/"), _key())


def address_of(service: str) -> str | None:
    """Return the address of a service: from the environment, or this machine's platform. None if it is unknown."""
    found = os.environ.get(f"NGAO_URL_{service.upper()}") or Home.from_environment().state().get("urls", {}).get(service)
    return str(found) if found else None


def open_session() -> requests.Session:
    """Open a session that trusts the authorities of the deployment."""
    session = requests.Session()
    session.trust_env = False  # a netrc entry would replace our key
    session.verify = os.environ.get("NGAO_CA_FILE") or True
    return session


def path_of(*parts: str) -> str:
    """Return the path of a resource, whatever its identifier holds."""
    return "/".join(["/v1", *(quote(part, safe="") for part in parts)])


def require_service(service: str) -> None:
    """Raise Misconfigured for an unknown service."""
    if service not in SERVICES:
        raise Misconfigured(f"Unknown service. Choose one of {', '.join(SERVICES)}.")


def one_or_all(service: str | None) -> list[str]:
    """Return the chosen service, or all of them when the option is left out. Raises Misconfigured for an unknown name."""
    if service is None:
        return list(SERVICES)
    require_service(service)
    return [service]


def _key() -> str:
    """Read the key from its file. It is never an option: every user of the machine can see command lines."""
    path = Path(os.environ.get("NGAO_OPERATOR_KEY_FILE") or Home.from_environment().operator_key)
    if not path.exists():
        raise Misconfigured(f"No operator key at {path}. Run `ngao up`, or set NGAO_OPERATOR_KEY_FILE to the file.")
    return read_secret(path)


def _waits(service: str, asked: Mapping[str, Any], *, again: bool) -> str:
    """Describe the next step. After the approval of a partner or source, the command must run a second time to finish."""
    ends = (
        "Then run the same command again, without --new-key. `ngao approval result` returns a new key to the operator who asked."
        if again
        else "It is carried out on approval; do not run the command again."
    )
    approve = f"`ngao approval approve {service} {asked['id']}`"
    return f"another operator must approve this before {asked['expires_at']}: {approve}. {ends}"


def _sentence(answer: requests.Response) -> str:
    try:
        problem = answer.json()
        broken = "; ".join(f"{each['pointer']}: {each['detail']}" for each in problem.get("errors", ()))
        says = str(problem.get("detail") or problem.get("title") or "no reason given")
    except (ValueError, AttributeError, KeyError, TypeError):
        broken, says = "", "no reason given"
    return f"refused with {answer.status_code}: {says}" + (f" ({broken})" if broken else "")
