"""Records that may be of one person: the list that waits for a decision, and two records side by side."""
