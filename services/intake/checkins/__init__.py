"""Reports that the check-ins of the registry become."""
