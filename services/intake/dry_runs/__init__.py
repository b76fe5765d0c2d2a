"""Dry runs: the result that a report would have; those about a person are counted and limited."""
