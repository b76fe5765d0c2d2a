"""Cases: what is known and needed, what happens next, and the story of each."""
