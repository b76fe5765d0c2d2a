"""Cases: the facts, the needs, the next step, and the timeline of each."""
