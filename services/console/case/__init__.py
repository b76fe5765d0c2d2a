"""One case: what happened, why it is urgent, who is asked, its story, and what a person can do about it."""
