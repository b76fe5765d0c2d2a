"""A deployment on a container engine: its secrets folder, certificates, and what keeps them fresh."""
