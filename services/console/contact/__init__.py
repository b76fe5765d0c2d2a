"""How a person may be reached, as staff confirmed it with her, and the button that stops all contact."""
