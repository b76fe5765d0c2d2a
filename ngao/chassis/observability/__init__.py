"""What an operator sees of a running service: logs, metrics, traces, health. Never a word about a person."""
