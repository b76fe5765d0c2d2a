"""The operations that every service has; `build` adds them to those that its features declare."""
