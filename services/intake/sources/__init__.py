"""Sources: the systems that may post, and their keys."""
