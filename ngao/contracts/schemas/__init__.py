"""One module an owner: the schemas of the events it says; `report` is what sources may post."""
