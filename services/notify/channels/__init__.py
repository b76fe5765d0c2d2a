"""Ways to reach people, each behind the `Channel` protocol."""
