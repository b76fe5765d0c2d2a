"""Reports by phone: an operator writes down what a caller says, sees how urgent it is, and posts it as a source of its own."""
