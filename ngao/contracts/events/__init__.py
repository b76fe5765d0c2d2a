"""The data of each event type, one dataclass per type, by the service that publishes it."""
