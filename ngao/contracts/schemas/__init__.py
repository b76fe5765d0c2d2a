"""The schemas of events, one module per owner; `report` is what sources may post."""
