"""The registry's own database: everything that identifies is sealed, and found again by keyed hash only."""
