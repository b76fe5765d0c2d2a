"""How state is kept: connection, documents, unit of work, keys and sealed fields."""
