"""Messages: planned by the policy, sent by a channel, followed until somebody has seen them."""
