"""Referral owns cases, needs, offers and the partner directory: finds who can help now and follows it until the work is done."""
