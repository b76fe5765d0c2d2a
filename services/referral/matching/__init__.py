"""Matching: who can help now, and why not others."""
