"""Quarantine: unreadable native bodies, stored until an operator decides."""
