"""Quarantine: native bodies that could not be read, kept until an operator decides."""
