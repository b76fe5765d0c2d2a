"""Check every prerequisite of the platform: its secrets, and what its services run on."""
