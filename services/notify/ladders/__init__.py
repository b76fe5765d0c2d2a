"""Ladders: who is asked next when nobody answers."""
