"""Meanings that several services must share: what a consent, a phone number, a name or an urgency is. No IO.

A value is read in one place, so that two services never read it differently.
"""
