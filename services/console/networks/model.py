"""What the pages of networks decide: where a hub is in the registry's answer, and what a form says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

AGREED = ("seen_by_convenor", "told_of_cases", "contact")
HOW = ("in_person", "by_phone", "in_writing", "through_trusted_contact")
_BETWEEN = "/"
Found = tuple[Mapping[str, Any], Mapping[str, Any]]


def hub_in(networks: Iterable[Mapping[str, Any]], network: str, hub: str) -> Found | None:
    """Return the network and the hub with these codes, if the reader has them."""
    for each in networks:
        if each["code"] == network:
            return next(((each, own) for own in each["hubs"] if own["code"] == hub), None)
    return None


def labels_of(networks: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, str]]:
    """Return the labels of networks, and of their hubs and roles by `network/code`."""
    found: dict[str, Mapping[str, str]] = {}
    for each in networks:
        found[each["code"]] = each["label"]
        found |= {f"{each['code']}{_BETWEEN}{own['code']}": own["label"] for own in (*each["hubs"], *each["roles"])}
    return found


def invitation_of(typed: Mapping[str, str]) -> dict[str, str] | None:
    """Return what a form of invitation says; None if the place or the role is missing, or they are of two networks."""
    network, between, hub = typed.get("place", "").partition(_BETWEEN)
    of, _, role = typed.get("role", "").partition(_BETWEEN)
    if not between or not role or of != network:
        return None
    return {"network": network, "hub": hub, "role": role}


def agreement_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what she agrees to, as the registry reads it: what is not ticked she does not agree to."""
    body: dict[str, Any] = {name: name in typed for name in AGREED}
    body |= {name: typed[name] for name in ("how", "since") if typed.get(name)}
    return body


def field_refused(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return the code of the sentence for the first field that the registry refused."""
    first = next(iter(errors), {})
    name = str(first.get("pointer", "")).strip("/").partition("/")[0]
    if name in AGREED:
        return "seen_first"
    return name if name in {"how", "since", "hub", "role", "network"} else "other"
