"""The state of the platform: which of the other services are ready, and in their own sentences what is missing."""
