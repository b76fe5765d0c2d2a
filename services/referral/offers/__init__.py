"""Offers: one partner asked for one need, its answers, and what was disclosed to it."""
