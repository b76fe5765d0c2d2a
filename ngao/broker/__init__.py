"""Lay out the broker: exchanges and queues, what each account may do, outsiders' accounts, and bringing a broker to it."""
