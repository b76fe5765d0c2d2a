"""Notify: tells the right people over a channel that is safe, or refuses and says so."""
