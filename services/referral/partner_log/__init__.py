"""What each partner was told, for when it catches up."""
