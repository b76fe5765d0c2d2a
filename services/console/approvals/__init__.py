"""Acts that need two people: the requests for the second one, in all services."""
