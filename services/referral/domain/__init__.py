"""What a caseworker would argue about: cases, needs, offers, partners, matching. Standard library only."""
