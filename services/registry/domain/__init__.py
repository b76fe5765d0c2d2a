"""What a caseworker would argue about: who is the same person, what was agreed to, what may be told. Standard library only."""
