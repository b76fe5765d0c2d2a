"""One file a use case. They order the steps; what is decided stands in the domain, what is stored behind ports."""
