"""The registry: who defenders are, what they agreed to, and how they may be reached. Nobody else knows."""
