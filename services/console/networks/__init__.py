"""Networks of defenders: hubs with their members, the memberships of a person, and the import of a table."""
