"""Risk assessments and protection plans of a person, family and organisation, in versions, with a review date that rings."""
