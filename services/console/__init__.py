"""Console: web pages for staff, and whether the other services are ready. It decides nothing about cases."""
