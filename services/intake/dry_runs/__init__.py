"""Dry runs: what would become of a report; those about somebody are counted and bounded."""
