"""Trainings: sessions with places, who is in one, and the trainings of a person."""
