"""What tests are built from: reports, partners and processes of their own, what they look into, and the probe service."""
