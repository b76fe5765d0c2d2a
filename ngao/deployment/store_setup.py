"""Setup of a new store: a replica set of one, and one account that is restricted to its service's database.

The account cannot change the audit trail (`rights`). A store has no administrator. This job logs in as `__system`, the identity
of the members of a replica set, with their common key (MongoDB's internal authentication). Its container then ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

from ngao.broker.management import Step
from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.settings import read_secret
from ngao.deployment import rights
from ngao.deployment.naming import REPLICA_SET, SERVICES, database_of
from ngao.deployment.polling import wait_until

WITHIN_S = 60.0
_PAUSE_S = 0.3
_AUTHENTICATION_FAILED, _ALREADY_INITIALISED, _NO_CONFIG = 18, 23, 94

Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class NewStore:
    """The wanted state of one service's store. `host` is `name:port` as the service reaches it."""

    service: str
    host: str
    key: str = field(repr=False)
    password: str = field(repr=False)
    ca_file: str | None = None
    within_s: float = WITHIN_S

    def bring(self, *, dry_run: bool = False, progress: Callable[[str], None] = lambda _: None) -> list[str]:
        """Do the missing steps, or only report them. Return one line per step. Raises Misconfigured, Unavailable."""
        done = []
        with self._client(username="__system", password=self.key, authSource="local") as client:
            self._wait(client)
            for step in self._steps(client):
                if not dry_run:
                    self._do(step)
                progress(step.what)
                done.append(step.what)
        return done

    def _steps(self, client: Client) -> Iterator[Step]:
        if not _is_initiated(client):
            yield Step(f"replica set of {self.host}", lambda: self._initiate(client))
        if not _is_initiated(client):  # a dry run: there are no accounts to check yet
            yield self._account_step(client, "account")
            return
        self._wait_for_primary(client)
        known = client[self._database].command("usersInfo", service_account(self.service))["users"]
        if not known:
            yield self._account_step(client, "account")
        elif not self._opens():
            yield self._account_step(client, "password of account")
        elif known[0]["roles"] != rights.roles_in(self._database) or not rights.are_given(client[self._database], self.service):
            yield self._account_step(client, "rights of account")

    @property
    def _database(self) -> str:
        return database_of(self.service)

    def _account_step(self, client: Client, what: str) -> Step:
        give = partial(rights.give_account, client[self._database], self.service, self.password)
        return Step(f"{what} {service_account(self.service)} on {self.host}", give)

    def _do(self, step: Step) -> None:
        try:
            step.do()
        except PyMongoError as error:
            reason = getattr(error, "code", None) or type(error).__name__
            raise Unavailable(f"The store {self.host} refused: {step.what} ({reason}). See its log.") from None

    def _client(self, **login: str) -> Client:
        options: dict[str, Any] = {"serverSelectionTimeoutMS": 2000, "connectTimeoutMS": 2000, "socketTimeoutMS": 20000, **login}
        if self.ca_file:
            options |= {"tls": True, "tlsCAFile": self.ca_file}
        try:
            return MongoClient(f"mongodb://{self.host}/", directConnection=True, authMechanism="SCRAM-SHA-256", **options)
        except (ConfigurationError, OSError) as error:
            raise Misconfigured(f"The store {self.host} cannot be reached ({type(error).__name__}).") from None

    def _wait(self, client: Client) -> None:
        """Wait until it answers. A wrong key fails immediately."""
        last: list[str] = []
        if not wait_until(lambda: self._answers(client, last), self.within_s, _PAUSE_S):
            raise Unavailable(f"The store {self.host} did not answer within {self.within_s:.0f} s ({last[-1]}). See its log.")

    def _answers(self, client: Client, trouble: list[str]) -> bool:
        try:
            client.admin.command("ping")
        except PyMongoError as error:
            if getattr(error, "code", None) == _AUTHENTICATION_FAILED:
                cause = f"The store {self.host} refused the key in keyfile-{self.service}"
                raise Misconfigured(f"{cause}. It must be the key in {self.service}-store/keyfile.") from None
            untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            trouble.append("its certificate is not of a trusted authority" if untrusted else type(error).__name__)
            return False
        return True

    def _initiate(self, client: Client) -> None:
        members = [{"_id": 0, "host": self.host}]
        try:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALISED:
                raise

    def _wait_for_primary(self, client: Client) -> None:
        def is_primary() -> bool:
            try:
                return bool(client.admin.command("hello").get("isWritablePrimary"))
            except PyMongoError:
                return False

        if not wait_until(is_primary, self.within_s, _PAUSE_S):
            raise Unavailable(f"The store {self.host} did not become a primary within {self.within_s:.0f} s. See its log.")

    def _opens(self) -> bool:
        """Check that the account has this password. Raises Unavailable without an answer from the store."""
        with self._client(username=service_account(self.service), password=self.password, authSource=self._database) as client:
            try:
                client[self._database].command("ping")
            except PyMongoError as error:
                if getattr(error, "code", None) == _AUTHENTICATION_FAILED:
                    return False
                raise Unavailable(f"The store {self.host} does not answer ({type(error).__name__}).") from None
        return True


def _is_initiated(client: Client) -> bool:
    try:
        client.admin.command("replSetGetConfig")
    except OperationFailure as error:
        if error.code == _NO_CONFIG:
            return False
        raise
    return True


def named(hosts: str, secrets: Path, ca_file: str | None) -> list[NewStore]:
    """Parse `service=host:port ...` into stores, with secrets from the provision folder. Raises Misconfigured."""
    return [
        NewStore(service, host, store_key(secrets, service), read_secret(secrets / f"store-{service}"), ca_file or None)
        for service, host in hosts_of(hosts)
    ]


def hosts_of(named_stores: str) -> list[tuple[str, str]]:
    """Parse `service=host:port ...`, as in NGAO_STORES. Raises Misconfigured."""
    pairs = [each.partition("=") for each in named_stores.replace(",", " ").split()]
    if any(service not in SERVICES or ":" not in host for service, _, host in pairs):
        raise Misconfigured("NGAO_STORES must be like `intake=intake-store:27017 ...`, with names of services.")
    return [(service, host) for service, _, host in pairs]


def store_key(secrets: Path, service: str) -> str:
    """Return the key of a service's store, from the provision folder, as mongod reads it: without white space."""
    return "".join(read_secret(secrets / f"keyfile-{service}").split())
