"""The testing kit: services in memory, service processes on real parts, a clock and a mail server that a test controls."""
