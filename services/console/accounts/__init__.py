"""Accounts of staff: who may sign in, by what, and in which roles."""
