"""Whether and how a partner is given the contact of a person."""
