"""Who is measured: the platform, a serial floor, the platform's hops without anything else, and the same flow in plain nameko."""
