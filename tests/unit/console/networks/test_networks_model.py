"""What the forms about networks decide, and how a hub is found in the registry's answer."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.networks.model import agreement_of, field_refused, hub_in, invitation_of, labels_of

LABEL = {"en": "Nairobi hub"}
NETWORKS: list[dict[str, Any]] = [
    {
        "code": "women", "label": {"en": "Women"}, "roles": [{"code": "member", "label": {"en": "Member"}, "of": "hub"}],
        "hubs": [{"code": "nairobi", "label": LABEL, "counties": ["KE-30"], "seen": 2}],
    }
]  # fmt: skip


def test_a_hub_is_found_in_its_own_network_only() -> None:
    found = hub_in(NETWORKS, "women", "nairobi")
    assert found is not None
    assert (found[0]["code"], found[1]["seen"]) == ("women", 2)
    assert hub_in(NETWORKS, "women", "coast") is None
    assert hub_in(NETWORKS, "men", "nairobi") is None


def test_labels_are_found_by_network_and_code() -> None:
    labels = labels_of(NETWORKS)
    assert (labels["women"]["en"], labels["women/nairobi"], labels["women/member"]["en"]) == ("Women", LABEL, "Member")


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        ({"place": "women/nairobi", "role": "women/member"}, {"network": "women", "hub": "nairobi", "role": "member"}),
        ({"place": "women/", "role": "women/national"}, {"network": "women", "hub": "", "role": "national"}),
        ({"place": "women/nairobi", "role": "youth/member"}, None),
        ({"place": "women/nairobi"}, None),
        ({"role": "women/member"}, None),
        ({"place": "women", "role": "women/member"}, None),
    ],
)
def test_a_place_and_a_role_are_of_one_network(typed: dict[str, str], body: dict[str, str] | None) -> None:
    assert invitation_of(typed) == body


def test_what_is_not_ticked_she_does_not_agree_to() -> None:
    nothing = {"seen_by_convenor": False, "told_of_cases": False, "contact": False}
    assert agreement_of({"how": "in_person", "since": ""}) == {**nothing, "how": "in_person"}
    given = {"seen_by_convenor": "yes", "contact": "yes", "since": "2020-01-31"}
    assert agreement_of(given) == {**nothing, "seen_by_convenor": True, "contact": True, "since": "2020-01-31"}


@pytest.mark.parametrize(
    ("pointer", "field"), [("/contact", "seen_first"), ("/since", "since"), ("/hub", "hub"), ("/else", "other"), ("", "other")]
)
def test_the_field_that_was_refused_has_a_sentence(pointer: str, field: str) -> None:
    assert field_refused([{"pointer": pointer, "code": "any"}]) == field
    assert field_refused([]) == "other"
