"""The systems that post reports: which there are, and whether they may."""
