"""How notify keeps messages, rosters and contact summaries."""
