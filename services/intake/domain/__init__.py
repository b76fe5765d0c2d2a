"""What a caseworker would argue about: reports, urgency, consent. Standard library only."""
