"""Forms that could not be read as reports: which there are, and what a person decides about each."""
