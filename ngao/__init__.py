"""Ngao: an event-driven protection platform for human rights defenders."""
