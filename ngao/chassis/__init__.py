"""How a service runs. Knows no word of the domain."""
