"""Backups: a snapshot of each service's store, sealed to a key that is kept elsewhere, and its restore without loss."""
