"""How cases, partners, engagements, partners' logs and stories are kept. Only the bootstrap imports it."""
