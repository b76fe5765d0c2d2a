"""What `ngao secrets init` tells compose and the commands of the host, the first time and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.deployment.atomic_files import merge_variables, read_variables
from ngao.deployment.environment import TLS, write_both
from ngao.deployment.secrets_folder import SecretsFolder

OWN = "https://help.example.org"


@pytest.fixture
def env(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def tell(env: Path, **values: str) -> None:
    """As an operator writes lines of `.env`."""
    env.write_text(merge_variables(env.read_text() if env.exists() else "", values))


def public_url(env: Path) -> str:
    return read_variables(env)["NGAO_PUBLIC_URL"]


def test_at_first_intake_is_called_what_outsiders_reach(made: SecretsFolder, env: Path) -> None:
    tell(env, NGAO_PORT_EDGE_HTTP="8444", COMPOSE_PROJECT_NAME="ngao-second")
    assert write_both(made, env, ["ngao.example.org"], TLS) == public_url(env) == "https://ngao.example.org:8444"
    assert read_variables(env)["COMPOSE_PROJECT_NAME"] == "ngao-second"
    assert read_variables(made.at("operator", "ngao.env"))["NGAO_EDGE_HTTP"] == "https://ngao.example.org:8444"


@pytest.mark.parametrize("first", [True, False], ids=["before the first time", "between two times"])
def test_what_an_operator_calls_it_stays(made: SecretsFolder, env: Path, first: bool) -> None:
    if not first:
        write_both(made, env, (), TLS)
    tell(env, NGAO_PUBLIC_URL=OWN)
    for hosts in ((), ("ngao.example.org",), ()):
        assert write_both(made, env, hosts, TLS) == public_url(env) == OWN


def test_what_we_called_it_follows_a_new_host_and_a_new_port(made: SecretsFolder, env: Path) -> None:
    write_both(made, env, (), TLS)
    assert public_url(env) == "https://localhost:8443"
    write_both(made, env, ["ngao.example.org"], TLS)
    assert public_url(env) == "https://ngao.example.org:8443"
    tell(env, NGAO_PORT_EDGE_HTTP="443")
    write_both(made, env, (), TLS)
    assert public_url(env) == "https://ngao.example.org:443"


def test_a_line_that_an_operator_has_emptied_is_written_again(made: SecretsFolder, env: Path) -> None:
    tell(env, NGAO_PUBLIC_URL="")
    write_both(made, env, (), TLS)
    assert public_url(env) == "https://localhost:8443"
