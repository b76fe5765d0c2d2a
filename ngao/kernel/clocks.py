"""Clocks of different machines never agree exactly."""

from __future__ import annotations

from datetime import timedelta

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead of us another service's clock may be. A statement that is stamped within it counts as made."""
