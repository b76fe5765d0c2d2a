"""A deployment on a container engine: its secrets folder, certificates, and their rotation."""
