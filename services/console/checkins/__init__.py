"""Signs of life: what is agreed with whom, what is due, and the page on which a person answers."""
