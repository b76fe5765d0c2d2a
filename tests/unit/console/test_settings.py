"""Console's own section names the other services, each by a name that exists."""

from __future__ import annotations

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
    ],
)
def test_a_slip_stops_the_start_and_is_named(own: dict[str, Any], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        read_own(own)
