"""Console's own section names the other services, each by a name that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.errors import Misconfigured
from services.console.settings import OTHERS, read_own

ALL = {name: f"https://{name}:8081" for name in OTHERS}


def test_each_other_service_may_have_an_address() -> None:
    assert read_own({"services": ALL}).services == ALL
    assert read_own({}).services == {}
    assert "console" not in OTHERS


@pytest.mark.parametrize(
    ("own", "named"),
    [
        ({"services": {"console": "https://console:8081"}}, "own.services.console"),
        ({"services": {"intaek": "https://intake:8081"}}, "own.services.intaek"),
        ({"services": {"intake": "intake:8081"}}, "own.services.intake"),
        ({"servcies": {}}, "own.servcies"),
        ({"organisation": {"issuer": "id.example.org", "client_id": "x", "secret_file": "x"}}, "own.organisation.issuer"),
        ({"organisation": {"issuer": "https://id.example.org", "client_id": "x"}}, "own.organisation.secret_file"),
    ],
)
def test_a_slip_stops_the_start_and_is_named(own: dict[str, Any], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        read_own(own)


def test_an_organisation_is_read_with_its_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "organisation"
    file.write_text("invented\n")
    given = {"issuer": "https://id.example.org/realm", "client_id": "desk", "secret_file": str(file)}
    known = read_own({"organisation": given}).organisation
    assert known is not None
    assert (known.issuer, known.client_id, known.secret) == ("https://id.example.org/realm", "desk", "invented")
    assert read_own({}).organisation is None
