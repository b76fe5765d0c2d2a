"""Intake owns reports: takes them in, seals who they are about, decides how urgent they are, and answers the source."""
