"""The coalition's rules in words, and the check of a changed file."""
