"""Notify: informs the right people over a channel that is safe, or refuses and records why."""
