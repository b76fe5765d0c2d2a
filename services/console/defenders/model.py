"""What the forms about people decide: which of the typed fields state who a person is."""

from __future__ import annotations

from collections.abc import Mapping

_FIELDS = {"names": "name", "phones": "phone", "emails": "email"}


def identity_of(typed: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what was typed as the registry reads it. A line is one value: people have several names and phones."""
    lines = {field: typed.get(name, "").splitlines() for field, name in _FIELDS.items()}
    stated = {field: [line.strip() for line in given if line.strip()] for field, given in lines.items()}
    return {field: given for field, given in stated.items() if given}
