"""How events move: destinations, outbox and relay on the way out; consumer, inbox, retry and parking on the way in."""
