"""What tests stand on: addresses of the real parts, service processes, a probe service."""
