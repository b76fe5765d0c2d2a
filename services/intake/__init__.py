"""Intake owns reports: accepts them, seals who they are about, decides how urgent they are, and answers the source."""
