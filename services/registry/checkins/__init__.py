"""Check-ins: a sign of life that is due, what follows when it does not come, and an answer that asks for help in secret."""
