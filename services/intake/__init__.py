"""Intake owns reports: takes them in, seals who they are about, says how urgent they are, and answers the source."""
