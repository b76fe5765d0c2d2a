"""Who can be told, where, and in which language."""
