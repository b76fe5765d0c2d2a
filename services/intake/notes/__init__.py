"""Notes and flags: what the coalition's people write down about a case, and mark it with."""
