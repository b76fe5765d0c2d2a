"""The risk assessment and protection plan of a person in its versions, and which reviews are due."""
