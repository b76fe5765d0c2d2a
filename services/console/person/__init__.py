"""The person of a case: what protects her, how she may be reached, and her number for those who give a reason."""
