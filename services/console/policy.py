"""Read console's part of `retention.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ngao.chassis.policy import reads_policy
from ngao.chassis.retention import load_retention
from ngao.kernel.retention import Retention


@reads_policy("console")
def version_of(directories: Sequence[Path]) -> str:
    """Read every policy file that console reads at its start. Returns the version. Raises Misconfigured."""
    return read_retention(directories).version


def read_retention(directories: Sequence[Path]) -> Retention:
    """Read console's rules of retention. Raises Misconfigured."""
    return load_retention(directories, "console", {})
