"""networks.yaml is checked whole before a service starts, and a mistake is named by its place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.errors import Misconfigured
from ngao.testing.memory import SHIPPED_POLICY
from services.registry.networks.model import Of
from services.registry.networks.rules import NETWORKS, read_networks

LABEL = {"en": "Any", "sw": "Yoyote"}


def read(folder: Path, **hub: Any) -> Any:
    for name in ("counties.yaml", "languages.yaml"):
        shutil.copy(SHIPPED_POLICY / name, folder / name)
    hubs = {"nairobi": {"label": LABEL, "counties": ["KE-30"]}, "other": {"label": LABEL, "counties": ["KE-28"], **hub}}
    network = {"label": LABEL, "roles": {"member": {"label": LABEL, "of": "hub"}}, "hubs": hubs}
    (folder / NETWORKS).write_text(yaml.safe_dump({"networks": {"women": network}}), "utf-8")
    return read_networks([folder])


def test_the_shipped_network_has_a_national_convenor_and_hubs_with_counties() -> None:
    network = read_networks([SHIPPED_POLICY])["women_defenders"]
    assert (network.roles["national_convenor"].of, network.roles["hub_convenor"].of) == (Of.NETWORK, Of.HUB)
    assert network.hubs["nairobi"].counties == ("KE-30",)


@pytest.mark.parametrize(
    ("hub", "sentence"),
    [
        ({"counties": ["KE-30"]}, "Each county in one hub: KE-30"),
        ({"counties": ["KE-99"]}, "networks.women.hubs.other.counties: KE-99 is no county"),
        ({"counties": []}, "counties"),
        ({"label": {"en": "Any"}}, "networks.women.hubs.other.label: sw is missing"),
        ({"leader": "nobody"}, "leader"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, hub: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        read(tmp_path, **hub)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    assert set(read(tmp_path)["women"].hubs) == {"nairobi", "other"}
