"""The registry: who defenders are, what they agreed to, and how they may be reached. No other service knows."""
