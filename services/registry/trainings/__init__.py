"""Programmes of training and growth: sessions with places, who is invited, who attended, and whether she may be counted."""
