"""The partners: who can help, where, in which language, how much they hold, and whether they may be asked."""
