"""Cases as the registry sees them: what each report said about its person."""
