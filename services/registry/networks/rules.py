"""Read `networks.yaml`: networks, hubs with counties, and what a person may be in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy
from ngao.contracts.classes import Strict
from ngao.contracts.lists import LISTS, SLUG
from services.registry.networks.model import Hub, Named, Network, NetworkRole, Of

NETWORKS, _COUNTIES, _LANGUAGES = "networks.yaml", "counties.yaml", "languages.yaml"
_SOME = validate.Length(min=1)


class _Labelled(Strict):
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True, validate=_SOME)


class _Role(_Labelled):
    of = fields.Enum(Of, by_value=True, required=True)

    @post_load
    def to_role(self, data: dict[str, Any], **_: object) -> NetworkRole:
        return NetworkRole(**data)


class _Hub(_Labelled):
    counties = fields.List(fields.String(), required=True, validate=_SOME)

    @post_load
    def to_hub(self, data: dict[str, Any], **_: object) -> Hub:
        return Hub(data["label"], tuple(data["counties"]))


def _coded(entry: type[Strict], **more: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(validate=SLUG), values=fields.Nested(entry), required=True, **more)


class _Network(_Labelled):
    roles = _coded(_Role, validate=_SOME)
    hubs = _coded(_Hub)

    @validates_schema
    def each_county_once(self, data: dict[str, Any], **_: object) -> None:
        """Refuse a county of two hubs: its people would be seen by the convenors of both."""
        times = Counter(county for hub in data.get("hubs", {}).values() for county in hub.counties)
        twice = sorted(county for county, number in times.items() if number > 1)
        if twice:
            raise ValidationError(f"duplicate|Each county in one hub: {', '.join(twice)}.", "hubs")

    @post_load
    def to_network(self, data: dict[str, Any], **_: object) -> Network:
        return Network(**data)


class NetworksFile(Strict):
    """networks.yaml. A coalition without networks has an empty list."""

    networks = _coded(_Network)


def read_networks(directories: Sequence[Path]) -> Mapping[str, Network]:
    """Load and check the file. Raises Misconfigured, also for a county or a language of a label that is missing in its list."""
    files = load_policy(directories, {NETWORKS: NetworksFile(), _COUNTIES: LISTS[_COUNTIES], _LANGUAGES: LISTS[_LANGUAGES]})
    networks: Mapping[str, Network] = files[NETWORKS]["networks"]
    wrong = [*_no_counties(networks, files[_COUNTIES]["counties"]), *_no_labels(networks, files[_LANGUAGES]["written_in"])]
    if wrong:
        raise Misconfigured(f"The policy file {NETWORKS} has errors: {'; '.join(wrong)}.")
    return networks


def _no_counties(networks: Mapping[str, Network], known: Collection[str]) -> Iterator[str]:
    for code, network in networks.items():
        for name, hub in network.hubs.items():
            where = f"networks.{code}.hubs.{name}.counties"
            yield from (f"{where}: {each} is no county" for each in hub.counties if each not in known)


def _no_labels(networks: Mapping[str, Network], languages: Sequence[str]) -> Iterator[str]:
    for code, network in networks.items():
        named: dict[str, Named] = {f"networks.{code}": network}
        named |= {f"networks.{code}.roles.{name}": role for name, role in network.roles.items()}
        named |= {f"networks.{code}.hubs.{name}": hub for name, hub in network.hubs.items()}
        for where, each in named.items():
            yield from (f"{where}.label: {language} is missing" for language in languages if language not in each.label)
