"""Who defenders are: records of persons, how they are recognised, and what operators do with them."""
