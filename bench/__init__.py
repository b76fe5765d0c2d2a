"""How fast the platform is beside a floor and beside the same flow written plainly: `make bench`."""
