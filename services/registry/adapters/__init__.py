"""What the registry takes from libraries: reading phones and names, opening and sealing boxes."""
