"""The record: whether each service's audit is whole, and who saw or did what."""
