"""Networks of defenders and their hubs: who is a member, what she agreed to, and what a hub's convenor sees of it."""
