"""The roster: who can be notified, where, and in which language."""
