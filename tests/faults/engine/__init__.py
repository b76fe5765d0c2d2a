"""The fault engine: a platform of its own under load, one fault at a time, and a checker that compares what all sides saw."""
