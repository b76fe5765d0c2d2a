"""A report by phone: one question a page, how urgent it would be, and sending it. Nothing is stored here before that."""
