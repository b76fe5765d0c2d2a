"""The events that each partner was sent, for its catch-up."""
