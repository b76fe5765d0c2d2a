"""Forms that could not be sent because the session had ended, and text that was half typed when the screen was locked."""
