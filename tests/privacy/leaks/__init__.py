"""`make leaks`: marked reports through every way, every error and four faults; then every place is searched, byte by byte."""
