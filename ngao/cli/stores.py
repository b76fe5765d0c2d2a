"""The services' stores: from the job `provision` of a deployment, or from this machine's platform."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.settings import StoreSettings, load, read_secret
from ngao.deployment.naming import ADMINISTRATOR, REPLICA_SET, SERVICES, database_of
from ngao.deployment.store_setup import hosts_of, store_key
from ngao.local.home import Home

_TIMEOUT_MS = 5000


def stores_here() -> dict[str, StoreSettings]:
    """Return each service's store with the service's own account. Raises Misconfigured when none is known."""
    named = os.environ.get("NGAO_STORES")
    found = _of_deployment(named) if named else _of_home(Home.from_environment())
    if not found:
        raise Misconfigured("No store is known. Run `ngao up`, or run this command in the job `provision` of the deployment.")
    return found


def stores_to_fill() -> dict[str, StoreSettings]:
    """Return the stores with an account that may restore a database: a service's own cannot delete recorded entries."""
    return {service: _to_fill(service, store) for service, store in stores_here().items()}


def _to_fill(service: str, store: StoreSettings) -> StoreSettings:
    if os.environ.get("NGAO_STORES"):
        key = store_key(Path(os.environ.get("NGAO_SECRETS") or "."), service)
        return replace(store, username="__system", password=key, auth_source="local")
    password = Home.from_environment().secret("mongo-admin")
    return replace(store, username=ADMINISTRATOR, password=password, auth_source="admin")


def _of_home(home: Home) -> dict[str, StoreSettings]:
    files = {service: home.config / f"{service}.toml" for service in SERVICES}
    return {service: load(file).store for service, file in files.items() if file.exists()}


def _of_deployment(named: str) -> dict[str, StoreSettings]:
    folder, ca_file = Path(os.environ.get("NGAO_SECRETS") or "."), os.environ.get("NGAO_CA_FILE")
    return {
        service: StoreSettings(
            hosts=hosts,
            replica_set=REPLICA_SET,
            database=database_of(service),
            username=service_account(service),
            password=read_secret(folder / f"store-{service}"),
            ca_file=Path(ca_file) if ca_file else None,
            timeout_ms=_TIMEOUT_MS,
        )
        for service, hosts in hosts_of(named)
    }
