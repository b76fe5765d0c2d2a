"""Disclosures: whether and how a partner gets the contact of a person."""
