"""The board: which cases need a person, whose turn it is, and by when."""
