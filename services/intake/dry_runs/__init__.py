"""Dry runs: what intake would make of a report; those about a person are counted and limited."""
