"""Ways to reach people, each behind the Channel port of `services.notify.ports`."""
