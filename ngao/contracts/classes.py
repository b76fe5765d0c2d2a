"""The data class every field carries: who may see it, and where it may stand in clear.

`public` and `internal` may stand in events and logs; `sensitive` only sealed, in one service's own store;
`sealed` is ciphertext for one named recipient and may travel, but tells its carrier nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema


class DataClass(StrEnum):
    """How carefully a field is handled."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SENSITIVE = "sensitive"
    SEALED = "sealed"


PUBLIC: dict[str, Any] = {"class": DataClass.PUBLIC}
INTERNAL: dict[str, Any] = {"class": DataClass.INTERNAL}
SENSITIVE: dict[str, Any] = {"class": DataClass.SENSITIVE}
SEALED: dict[str, Any] = {"class": DataClass.SEALED}


class Tolerant(Schema):
    """For events: a consumer ignores fields it does not know, so that an owner may add some."""

    class Meta:
        """Unknown fields are left out."""

        unknown = EXCLUDE


class Strict(Schema):
    """For intake: an unknown field is refused, because it may be a person's data in the wrong place."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE
