"""The pages for people of a partner: the offers to it, their answers, and what was sealed to it."""
