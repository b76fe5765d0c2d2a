"""Sessions: who is signed in on which device, until when, and how that ends."""
