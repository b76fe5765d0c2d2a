"""Addresses that the registry hands over, each for one message: kept sealed for seconds, opened in memory, used once."""
