"""Meanings that several services must share: what a phone number, a name, a date or an urgency is. No IO.

A value is read in one place, so that two services never read it differently.
"""
