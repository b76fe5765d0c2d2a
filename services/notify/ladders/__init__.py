"""Ladders: the order in which people are asked until one of them acknowledges."""
