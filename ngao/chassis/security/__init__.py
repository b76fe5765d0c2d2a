"""Who may call, what is sealed to whom, and the proof of what was done."""
