"""The data of each event type, one dataclass a type, by the service that publishes it."""
