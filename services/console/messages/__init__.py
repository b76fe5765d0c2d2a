"""Messages to people: whether each arrived, and the case that one was about."""
