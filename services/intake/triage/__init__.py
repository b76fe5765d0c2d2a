"""Triage: how urgent a report is, and why."""
