"""Calls to a service's HTTP interface as an operator; a refusal becomes one sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import requests
import typer

from ngao.chassis.errors import Misconfigured, NgaoError, Unavailable
from ngao.chassis.settings import read_secret
from ngao.deployment.names import SERVICES
from ngao.local.configuration import operator_key_file
from ngao.local.home import Home

Url = Annotated[str | None, typer.Option(help="The service's address; else NGAO_URL_<SERVICE>, else this machine's.")]
Service = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]

TIMEOUT_S = 30


class Refused(NgaoError):
    """The service said no; the message is its problem document in a sentence."""

    slug = "refused"


class Waits(NgaoError):
    """The service has taken the request; another operator must approve it before it is done."""

    slug = "waits"


@dataclass(frozen=True)
class Operator:
    """One service, and the key to call it with."""

    service: str
    url: str
    key: str = field(repr=False)

    def get(self, path: str, **query: Any) -> Any:
        """Read. Raises Refused, Unavailable."""
        return self._call("GET", path, query=query)

    def put(self, path: str, body: Any) -> Any:
        """Create or replace. Raises Refused, Unavailable, Waits."""
        return self._call("PUT", path, body=body)

    def post(self, path: str, body: Any) -> Any:
        """Do. Raises Refused, Unavailable, Waits."""
        return self._call("POST", path, body=body)

    def delete(self, path: str, **query: Any) -> Any:
        """Take away. Raises Refused, Unavailable, Waits."""
        return self._call("DELETE", path, query=query)

    def _call(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False  # no netrc entry may take the place of our key
            session.verify = os.environ.get("NGAO_CA_FILE") or True
            headers = {"Authorization": f"Bearer {self.key}"}
            try:
                answer = session.request(method, self.url + path, json=body, params=query, headers=headers, timeout=TIMEOUT_S)
            except requests.RequestException as error:
                raise Unavailable(f"{self.url} does not answer ({type(error).__name__}); see `ngao status`.") from None
        if answer.status_code >= 400:
            raise Refused(_sentence(answer))
        content = answer.json() if answer.content else None
        if answer.status_code == 202 and content and "expires_at" in content:
            raise Waits(_waits(self.service, content, again=method == "PUT"))
        return content


def operator(service: str, url: str | None = None) -> Operator:
    """The operator's way to a service: an option, else the environment, else this machine's platform. Raises Misconfigured."""
    demand_known(service)
    home = Home.from_environment()
    address = url or os.environ.get(f"NGAO_URL_{service.upper()}") or home.state().get("urls", {}).get(service)
    if not address:
        raise Misconfigured(f"No address of {service} is known: run `ngao up`, or give --url or NGAO_URL_{service.upper()}.")
    return Operator(service, str(address).rstrip("/"), _key(home))


def demand_known(service: str) -> None:
    """Raise Misconfigured when there is no service of that name."""
    if service not in SERVICES:
        raise Misconfigured(f"There is no service of that name; there are {', '.join(SERVICES)}.")


def one_or_all(service: str | None) -> list[str]:
    """What an option names that means every service when it is left out. Raises Misconfigured for a name that is none."""
    if service is None:
        return list(SERVICES)
    demand_known(service)
    return [service]


def _key(home: Home) -> str:
    """The key itself is never an option: command lines are seen by every user of the machine."""
    named = os.environ.get("NGAO_OPERATOR_KEY_FILE")
    path = Path(named) if named else operator_key_file(home)
    if not path.exists():
        raise Misconfigured(f"There is no operator's key at {path}: run `ngao up`, or name its file in NGAO_OPERATOR_KEY_FILE.")
    return read_secret(path)


def _waits(service: str, asked: Mapping[str, Any], *, again: bool) -> str:
    """What is put (a partner, a source) has a second half that the command does itself once it is approved."""
    ends = (
        "Then give the same command again, without --new-key; `ngao approval result` gives a new key to whoever asked."
        if again else "It is done when it is approved; do not give the command again."
    )  # fmt: skip
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
