"""The deployment under test: brought up on a container engine, used from outside, broken, looked into."""
