"""Backups: each service's store as it stood at one moment, sealed to a key that lies elsewhere, and put back without loss."""
