"""Mapping: read the native bodies of form tools as reports, by profiles that operators write."""
