"""Acts that two operators do together: one asks, another approves, then it is done once."""
