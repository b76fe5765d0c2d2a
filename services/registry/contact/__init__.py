"""How a person may be reached: what officers have confirmed beside what reports state, and whether it is safe now."""
