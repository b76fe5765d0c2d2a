"""Messaging: destinations, outbox and relay for outgoing events; consumer, inbox, retry and parking for incoming ones."""
