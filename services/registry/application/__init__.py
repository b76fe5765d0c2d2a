"""One use case a file: what the registry does, in order, through ports."""
