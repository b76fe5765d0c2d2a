"""Probable matches that wait for a human."""
