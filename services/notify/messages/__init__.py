"""Messages: planned by the policy, sent by a channel, followed until a person acknowledges them."""
