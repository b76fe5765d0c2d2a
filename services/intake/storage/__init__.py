"""How reports are kept in MongoDB."""
