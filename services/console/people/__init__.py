"""The people who work with the platform: who may sign in, in which roles, and since when no more."""
