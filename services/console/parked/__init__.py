"""Messages that could not be processed: which there are, why, and what a person decides about each."""
