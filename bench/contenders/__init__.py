"""Who is measured: the platform, two floors, and the same flow in plain nameko and in FastStream."""
